// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Points of the fixed image and the points of the moving image that they belong to, in world units, z, y, x (2D: y, x).
public struct LandmarkPairs: Sendable, Equatable {
  /// Points of the fixed image.
  public var fixed: [[Double]]
  /// Their partners in the moving image, as many.
  public var moving: [[Double]]

  /// Pairs of points.
  public init(fixed: [[Double]], moving: [[Double]]) {
    self.fixed = fixed
    self.moving = moving
  }

  /// 2 or 3.
  public var rank: Int { fixed.first?.count ?? 3 }

  /// Reads a CSV with the columns `fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x`, or two, `fixed.csv,moving.csv`, with the columns
  /// `z,y,x` and as many rows; in any order and with any further columns; 2D without `z`.
  ///
  /// - Throws: `TransformError` where a file or a column is missing, a field is no number, there are no rows, or the numbers of rows differ.
  public static func read(contentsOf files: String) throws(TransformError) -> LandmarkPairs {
    let paths = FileManager.default.fileExists(atPath: files) ? [files] : files.split(separator: ",").map(String.init)
    guard paths.count == 1 || paths.count == 2 else {
      throw TransformError("`\(files)` is not one CSV file or two", hint: "give pairs.csv, or fixed.csv,moving.csv")
    }
    let tables = (try CSVTable(contentsOf: paths[0]), try CSVTable(contentsOf: paths[paths.count - 1]))
    let isOne = paths.count == 1
    let pairs = try LandmarkPairs(
      fixed: points(in: tables.0, prefix: isOne ? "fixed_" : "", as: tables.1, isOne ? "moving_" : ""),
      moving: points(in: tables.1, prefix: isOne ? "moving_" : "", as: tables.0, isOne ? "fixed_" : ""))
    guard pairs.fixed.count == pairs.moving.count else {
      throw TransformError(
        "\(paths[0]) has \(pairs.fixed.count) landmarks and \(paths[1]) has \(pairs.moving.count)",
        hint: "row by row they must be partners")
    }
    if pairs.fixed.isEmpty { throw TransformError("\(paths[0]) lists no landmarks", hint: "give a row for each") }
    return pairs
  }

  /// The points of one side; three axes where either side has a column for z.
  private static func points(
    in table: CSVTable, prefix: String, as other: CSVTable, _ otherPrefix: String
  ) throws(TransformError) -> [[Double]] {
    let axes = table.has(prefix + "z") || other.has(otherPrefix + "z") ? ["z", "y", "x"] : ["y", "x"]
    return try table.numbers(at: table.places(of: axes.map { prefix + $0 }))
  }
}
