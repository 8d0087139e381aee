// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A CSV of points: a header with `z,y,x` (2D: `y,x`), other columns pass through untouched.
public struct PointTable: Sendable, Equatable {
  /// The header's names.
  public var columns: [String]
  /// Fields by row, as text.
  public var rows: [[String]]
  /// Points by row, in z, y, x order (2D: y, x).
  public private(set) var points: [[Double]]
  private let places: [Int]

  /// Reads a table.
  ///
  /// - Throws: `PipelineError` where the file cannot be read, a column is missing, a row is short, or a field is not a number, naming the line.
  public init(contentsOf path: String, rank: Int) throws {
    let text: String
    do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
      throw PipelineError("\(path) cannot be read: \(OutputFolder.reason(error))", hint: "give a CSV file with the columns z,y,x")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    guard let header = lines.first, !header.isEmpty else {
      throw PipelineError("\(path) is empty", hint: "its first line names the columns: z,y,x")
    }
    columns = Self.fields(header)
    let wanted = Array(["z", "y", "x"].suffix(rank))
    var places: [Int] = []
    for name in wanted {
      guard let place = columns.firstIndex(where: { $0.lowercased().trimmingCharacters(in: .whitespaces) == name }) else {
        throw PipelineError(
          "\(path) has no column `\(name)`: its columns are \(columns.joined(separator: ", "))",
          hint: "name the columns \(wanted.joined(separator: ","))")
      }
      places.append(place)
    }
    rows = []
    points = []
    for (number, line) in lines.enumerated().dropFirst() where !line.trimmingCharacters(in: .whitespaces).isEmpty {
      let fields = Self.fields(line)
      guard fields.count == columns.count else {
        throw PipelineError(
          "\(path), line \(number + 1): \(fields.count) fields, and the header names \(columns.count)",
          hint: "correct the line, or remove it")
      }
      points.append(
        try places.map { place in
          guard let value = Double(fields[place].trimmingCharacters(in: .whitespaces)), value.isFinite else {
            throw PipelineError("\(path), line \(number + 1): `\(fields[place])` is not a number", hint: "correct the line, or remove it")
          }
          return value
        })
      rows.append(fields)
    }
    self.places = places
  }

  /// The table with other points in the same columns, as CSV.
  public func text(replacing points: [[Double]]) -> String {
    var lines = [columns.map(Self.quoted).joined(separator: ",")]
    for (row, point) in zip(rows, points) {
      var fields = row
      for (place, value) in zip(places, point) { fields[place] = "\(value)" }
      lines.append(fields.map(Self.quoted).joined(separator: ","))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The fields of one line; quotes as in RFC 4180, without line breaks inside them.
  static func fields(_ line: String) -> [String] {
    var fields: [String] = []
    var field = ""
    var quoted = false
    var previousWasQuote = false
    for character in line {
      if character == "\"" {
        if quoted {
          quoted = false
          previousWasQuote = true
        } else {
          if previousWasQuote { field.append("\"") }
          quoted = true
          previousWasQuote = false
        }
        continue
      }
      previousWasQuote = false
      if character == "," && !quoted {
        fields.append(field)
        field = ""
      } else {
        field.append(character)
      }
    }
    fields.append(field)
    return fields
  }

  static func quoted(_ field: String) -> String {
    field.contains(where: { ",\"\n".contains($0) }) ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
  }
}
