// SPDX-License-Identifier: Apache-2.0

public import Transforms

/// A CSV of points: a header with `z,y,x` (2D: `y,x`), other columns pass through untouched.
public struct PointTable: Sendable, Equatable {
  /// The file, all of it.
  public let table: CSVTable
  private let places: [Int]
  /// Points by row, in z, y, x order (2D: y, x).
  public let points: [[Double]]

  /// Reads a table.
  ///
  /// - Throws: `TransformError` where the file cannot be read, a column is missing, a line has too few or too many fields, or a field is
  ///   not a number, naming the line.
  public init(contentsOf path: String, rank: Int) throws {
    table = try CSVTable(contentsOf: path)
    places = try table.places(of: ["z", "y", "x"].suffix(rank))
    points = try table.numbers(at: places)
  }

  /// The table with other points in the same columns, as CSV.
  public func text(replacing points: [[Double]]) -> String {
    var lines = [CSVTable.line(table.columns)]
    for (row, point) in zip(table.rows, points) {
      var fields = row.fields
      for (place, value) in zip(places, point) { fields[place] = "\(value)" }
      lines.append(CSVTable.line(fields))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
