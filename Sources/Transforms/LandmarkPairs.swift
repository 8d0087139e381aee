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

  /// Reads a CSV with the header `fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x`, in any order and with any further columns; 2D without
  /// the `z` columns.
  ///
  /// - Throws: `TransformError` where the file is missing, a column is missing, a number is none, or there are no rows; it names the line.
  public static func read(contentsOf path: String) throws(TransformError) -> LandmarkPairs {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw TransformError("\(path) cannot be read as a text of landmarks", hint: "check the path")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .map { (number: $0.offset + 1, fields: fields($0.element)) }.filter { $0.fields != [""] }
    let names = lines.first?.fields.map { $0.lowercased() } ?? []
    let axes = names.contains("fixed_z") || names.contains("moving_z") ? ["z", "y", "x"] : ["y", "x"]
    var columns: [Int] = []
    for name in axes.map({ "fixed_\($0)" }) + axes.map({ "moving_\($0)" }) {
      guard let column = names.firstIndex(of: name) else {
        throw TransformError(
          "\(path) has no column `\(name)`: its first line is `\(names.joined(separator: ","))`",
          hint: "begin it with fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x (2D: without the z columns)")
      }
      columns.append(column)
    }
    var pairs = LandmarkPairs(fixed: [], moving: [])
    for line in lines.dropFirst() {
      var numbers: [Double] = []
      for column in columns {
        guard column < line.fields.count, let number = Double(line.fields[column]), number.isFinite else {
          let found = column < line.fields.count ? "`\(line.fields[column])`" : "nothing"
          throw TransformError("\(path) line \(line.number) has \(found) in the column `\(names[column])`, and a number is needed")
        }
        numbers.append(number)
      }
      pairs.fixed.append(Array(numbers[..<axes.count]))
      pairs.moving.append(Array(numbers[axes.count...]))
    }
    if pairs.fixed.isEmpty { throw TransformError("\(path) lists no landmarks") }
    return pairs
  }

  private static func fields(_ line: Substring) -> [String] {
    line.split(separator: ",", omittingEmptySubsequences: false).map {
      $0.trimmingCharacters(in: CharacterSet.whitespaces.union(CharacterSet(charactersIn: "\"\u{FEFF}")))
    }
  }
}
