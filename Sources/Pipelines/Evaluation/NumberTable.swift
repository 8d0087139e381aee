// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A CSV of numbers under a header; columns that are not asked for may hold anything.
struct NumberTable {
  let path: String
  let columns: [String]
  /// Fields by row, with the line each stands in.
  let rows: [(line: Int, fields: [String])]

  init(contentsOf path: String) throws {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
      throw PipelineError("\(path) is missing or cannot be read", hint: "give a CSV file with a header")
    }
    self.path = path
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated().map { number, line in
      (line: number + 1, fields: line.split(separator: ",", omittingEmptySubsequences: false).map(Self.trimmed))
    }
    columns = lines.first?.fields.map { $0.lowercased() } ?? []
    rows = lines.dropFirst().filter { $0.fields != [""] }
  }

  /// The points in the columns `prefix` + z, y, x; without z where there is no such column.
  func points(prefix: String) throws -> [[Double]] {
    let names = (columns.contains(prefix + "z") ? ["z", "y", "x"] : ["y", "x"]).map { prefix + $0 }
    let places = try names.map { name in
      guard let place = columns.firstIndex(of: name) else {
        throw PipelineError(
          "\(path) has no column `\(name)`: it has \(columns.joined(separator: ", "))",
          hint: "name the columns \(names.joined(separator: ","))")
      }
      return place
    }
    return try rows.map { row in
      try places.map { place in
        guard place < row.fields.count, let value = Double(row.fields[place]), value.isFinite else {
          throw PipelineError(
            "\(path), line \(row.line): column `\(columns[place])` holds `\(place < row.fields.count ? row.fields[place] : "")`, not a number"
          )
        }
        return value
      }
    }
  }

  private static func trimmed(_ field: Substring) -> String {
    field.trimmingCharacters(in: CharacterSet(charactersIn: " \t\r\""))
  }
}
