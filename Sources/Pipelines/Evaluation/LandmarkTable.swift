// SPDX-License-Identifier: Apache-2.0

/// Pairs of points that belong together, from one CSV or two.
public struct LandmarkTable: Sendable, Hashable {
  /// Points of the fixed image, z, y, x (2D: y, x).
  public let fixed: [[Double]]
  /// Their partners in the moving image.
  public let moving: [[Double]]

  /// 2 or 3.
  public var rank: Int { fixed.first?.count ?? 3 }

  /// Reads `pairs.csv`, with columns `fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x`, or `fixed.csv,moving.csv`, each with columns
  /// `z,y,x` and as many rows (2D: without z).
  ///
  /// - Throws: `PipelineError` where a file or a column is missing, a field is no number, or the files have different numbers of rows.
  public init(contentsOf files: String) throws {
    let paths = files.split(separator: ",").map(String.init)
    switch paths.count {
    case 1:
      let table = try NumberTable(contentsOf: paths[0])
      fixed = try table.points(prefix: "fixed_")
      moving = try table.points(prefix: "moving_")
    case 2:
      fixed = try NumberTable(contentsOf: paths[0]).points(prefix: "")
      moving = try NumberTable(contentsOf: paths[1]).points(prefix: "")
    default: throw PipelineError("`\(files)` is not one CSV file or two", hint: "give pairs.csv, or fixed.csv,moving.csv")
    }
    guard fixed.count == moving.count else {
      throw PipelineError(
        "\(paths[0]) has \(fixed.count) landmarks and \(paths[paths.count - 1]) has \(moving.count)",
        hint: "row by row they must be partners")
    }
    guard !fixed.isEmpty else { throw PipelineError("\(paths[0]) holds no landmark", hint: "give a row for each") }
    guard fixed[0].count == moving[0].count else {
      throw PipelineError("the fixed landmarks are \(fixed[0].count)D and the moving ones are \(moving[0].count)D")
    }
  }
}
