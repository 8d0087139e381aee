// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A CSV file with a header: its fields as text, and as numbers where they are asked for. Quotes as in RFC 4180, without line breaks in them.
public struct CSVTable: Sendable, Equatable {
  /// One line below the header.
  public struct Row: Sendable, Equatable {
    /// The line's number in the file, from 1.
    public var line: Int
    /// As many as the header has names.
    public var fields: [String]
  }

  /// The file.
  public let path: String
  /// The header's names, as they stand.
  public let columns: [String]
  /// The other lines, without blank ones.
  public let rows: [Row]

  /// Reads a table.
  ///
  /// - Throws: `TransformError` where the file cannot be read or is empty, or a line has more or fewer fields than the header.
  public init(contentsOf path: String) throws(TransformError) {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else {
      throw TransformError(
        "\(path) \(FileManager.default.fileExists(atPath: path) ? "cannot be read as text" : "is not there")",
        hint: "give a CSV file whose first line names its columns")
    }
    let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .filter { !$0.element.allSatisfy(\.isWhitespace) }
      .map { Row(line: $0.offset + 1, fields: Self.fields($0.element)) }
    guard let header = lines.first, header.line == 1 else {
      throw TransformError("\(path) is empty or begins with an empty line", hint: "its first line names the columns, as z,y,x")
    }
    for row in lines where row.fields.count != header.fields.count {
      throw TransformError(
        "\(path) line \(row.line) has \(row.fields.count) fields, and the first line names \(header.fields.count)",
        hint: "correct the line, or remove it; numbers have a point, not a comma")
    }
    self.path = path
    columns = header.fields
    rows = Array(lines.dropFirst())
  }

  /// Whether there is a column of that name, in either case.
  public func has(_ name: String) -> Bool { columns.contains { $0.lowercased() == name } }

  /// Where columns of those names stand.
  ///
  /// - Throws: `TransformError` where one is missing.
  public func places(of names: [String]) throws(TransformError) -> [Int] {
    var places: [Int] = []
    for name in names {
      guard let place = columns.firstIndex(where: { $0.lowercased() == name }) else {
        throw TransformError(
          "\(path) has no column `\(name)`: its first line is `\(columns.joined(separator: ","))`",
          hint: "name the columns \(names.joined(separator: ","))")
      }
      places.append(place)
    }
    return places
  }

  /// The numbers in some columns, row by row.
  ///
  /// - Throws: `TransformError` where a field is no finite number.
  public func numbers(at places: [Int]) throws(TransformError) -> [[Double]] {
    var result: [[Double]] = []
    for row in rows {
      var numbers: [Double] = []
      for place in places {
        guard let number = Double(row.fields[place]), number.isFinite else {
          throw TransformError(
            "\(path) line \(row.line) has `\(row.fields[place])` in the column `\(columns[place])`, which is not a number",
            hint: "correct the line, or remove it")
        }
        numbers.append(number)
      }
      result.append(numbers)
    }
    return result
  }

  /// A line of a CSV file, without its end; line breaks inside fields become spaces.
  public static func line(_ fields: [String]) -> String {
    fields.map { field in
      let field = String(field.map { $0.isNewline ? " " : $0 })
      return field.contains { ",\"".contains($0) } ? "\"" + field.replacingOccurrences(of: "\"", with: "\"\"") + "\"" : field
    }.joined(separator: ",")
  }

  static func fields(_ line: Substring) -> [String] {
    var fields: [String] = []
    var field = ""
    var (isQuoted, previousWasQuote) = (false, false)
    for character in line {
      if character == "\"" {
        if isQuoted {
          previousWasQuote = true
        } else if previousWasQuote {
          field.append(character)
          previousWasQuote = false
        }
        isQuoted.toggle()
        continue
      }
      previousWasQuote = false
      if character == ",", !isQuoted {
        fields.append(field)
        field = ""
      } else {
        field.append(character)
      }
    }
    fields.append(field)
    return fields.map { $0.trimmingCharacters(in: CharacterSet.whitespaces.union(CharacterSet(charactersIn: "\u{FEFF}"))) }
  }
}
