// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Transforms

/// Blocks of a finished registration, as the rows of its `blocks.csv`.
public enum BlockSelection: Sendable, Equatable, CustomStringConvertible {
  /// All whose verdict is flagged.
  case flagged
  /// Some numbers.
  case numbers([ClosedRange<Int>])
  /// A text file with numbers.
  case file(String)

  /// Reads `flagged`, `12,40-44` or `@FILE`; `nil` for anything else.
  public init?(_ text: String) {
    if text == "flagged" {
      self = .flagged
    } else if text.hasPrefix("@"), text.count > 1 {
      self = .file(String(text.dropFirst()))
    } else if let numbers = Self.numbers(text) {
      self = .numbers(numbers)
    } else {
      return nil
    }
  }

  /// As the command line takes it.
  public var description: String {
    switch self {
    case .flagged: "flagged"
    case .numbers(let ranges): Self.text(ranges)
    case .file(let path): "@\(path)"
    }
  }

  private static func numbers(_ text: some StringProtocol) -> [ClosedRange<Int>]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false).map { part -> ClosedRange<Int>? in
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0.trimmingCharacters(in: .whitespaces)) }
      guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], 0 <= first, first <= last else { return nil }
      return first...last
    }
    let ranges = parts.compactMap(\.self)
    return ranges.count == parts.count ? ranges : nil
  }

  private static func text(_ ranges: [ClosedRange<Int>]) -> String {
    ranges.map { $0.lowerBound == $0.upperBound ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }.joined(separator: ",")
  }

  /// Numbers as short as a list can say them.
  static func text(_ numbers: [Int]) -> String {
    var ranges: [ClosedRange<Int>] = []
    for number in numbers.sorted() {
      if let last = ranges.last, last.upperBound + 1 == number {
        ranges[ranges.count - 1] = last.lowerBound...number
      } else {
        ranges.append(number...number)
      }
    }
    return text(ranges)
  }

  /// The numbers of the blocks, ascending.
  ///
  /// - Parameters:
  ///   - folder: the output folder of the registration.
  ///   - count: how many blocks of full resolution it has.
  /// - Throws: `PipelineError` or `TransformError` where a file cannot be understood, or names blocks that are not there.
  func resolved(in folder: String, count: Int) throws -> [Int] {
    let table = folder + "/blocks.csv"
    func check(_ ranges: [ClosedRange<Int>], _ place: String) throws -> [Int] {
      guard let beyond = ranges.map(\.upperBound).max(), beyond >= count else { return Set(ranges.flatMap { Array($0) }).sorted() }
      throw PipelineError(
        "\(place) names block \(beyond), and the blocks of full resolution in \(table) are 0 to \(count - 1)",
        hint: "choose numbers of its column `block`")
    }
    switch self {
    case .numbers(let ranges): return try check(ranges, "--blocks \(self)")
    case .flagged: return try check(Self.flagged(table).map { $0...$0 }, table)
    case .file(let path):
      let hint = "name a text file with numbers of blocks, as 12,40-44"
      guard let isFolder = FileManager.default.isFolder(atPath: path) else {
        throw PipelineError("--blocks @\(path): there is no such file", hint: hint)
      }
      if isFolder { throw PipelineError("--blocks @\(path) is a folder", hint: hint) }
      guard let data = FileManager.default.contents(atPath: path) else {
        throw PipelineError("--blocks @\(path) cannot be read", hint: "see that you may read it")
      }
      guard let text = String(data: data, encoding: .utf8) else { throw PipelineError("--blocks @\(path) is no text", hint: hint) }
      let lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      return try Set(
        lines.flatMap { index, line -> [Int] in
          let list = line.prefix { $0 != "#" }.trimmingCharacters(in: .whitespaces)
          if list.isEmpty { return [] }
          guard let ranges = Self.numbers(list) else {
            throw PipelineError("\(path), line \(index + 1), is no list of blocks: \(list)", hint: "write numbers and ranges, as 12,40-44")
          }
          return try check(ranges, "\(path), line \(index + 1),")
        }
      ).sorted()
    }
  }

  /// The blocks of full resolution that a table flags.
  private static func flagged(_ path: String) throws -> [Int] {
    let table = try CSVTable(contentsOf: path)
    let places = try table.places(of: ["block", "verdict"])
    let scale = table.has("scale") ? try table.places(of: ["scale"])[0] : nil
    return try table.rows.compactMap { row in
      if let scale, row.fields[scale] != "1" { return nil }
      guard let number = Int(row.fields[places[0]]), let verdict = Verdict(rawValue: row.fields[places[1]]) else {
        throw PipelineError(
          "\(path), line \(row.line): block `\(row.fields[places[0]])` with the verdict `\(row.fields[places[1]])` is no row of a registration",
          hint: "copy the table again from where it is whole, or name blocks by their numbers")
      }
      return verdict.isFlagged ? number : nil
    }
  }
}
