// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// BigWarp's table of landmarks: no header, and a line `"Pt-0","true",` moving x, y, z, fixed x, y, z for each pair (2D without z), in the
/// units that the images have in Fiji. https://imagej.net/plugins/bigwarp
enum BigWarpLandmarks {
  /// Whether the first line of a text is one of such a table.
  static func isOne(_ text: String) -> Bool {
    guard let first = text.split(whereSeparator: \.isNewline).first else { return false }
    let fields = CSVTable.fields(first)
    return (fields.count == 6 || fields.count == 8) && ["true", "false"].contains(fields[1])
  }

  /// The pairs that are active.
  ///
  /// - Throws: `TransformError` where the file cannot be read, a line has another number of fields, a field is no number, or a pair that is
  ///   active lacks a point.
  static func read(_ path: String) throws(TransformError) -> LandmarkPairs {
    let lines = try TransformText.read(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    var pairs = LandmarkPairs(fixed: [], moving: [])
    var count: Int?
    for (number, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
      let fields = CSVTable.fields(line)
      let expected = count ?? (fields.count == 6 ? 6 : 8)
      guard fields.count == expected else {
        throw TransformError(
          "\(path) line \(number + 1) has \(fields.count) fields, and landmarks of BigWarp have 8 (2D: 6)\(count == nil ? "" : ", as the lines before")",
          hint: "correct the line, or save the landmarks again")
      }
      count = expected
      var numbers: [Double] = []
      for field in fields.dropFirst(2) {
        guard let value = Double(field), !value.isNaN else {
          throw TransformError(
            "\(path) line \(number + 1) has `\(field)` where a number belongs", hint: "correct the line, or remove it")
        }
        numbers.append(value)
      }
      guard fields[1] == "true" else { continue }
      // A point that was not set yet is at infinity.
      guard numbers.allSatisfy(\.isFinite) else {
        throw TransformError(
          "\(path) line \(number + 1) is active, and one of its two points is at infinity, where BigWarp has those that were never set",
          hint: "set the point in BigWarp, or make the line inactive (\"false\")")
      }
      pairs.moving.append(numbers[..<(expected / 2 - 1)].reversed())
      pairs.fixed.append(numbers[(expected / 2 - 1)...].reversed())
    }
    if pairs.fixed.isEmpty { throw TransformError("\(path) lists no active landmarks", hint: "give a line for each pair") }
    return pairs
  }

  /// The table of some pairs.
  static func text(_ pairs: LandmarkPairs) -> String {
    zip(pairs.moving, pairs.fixed).enumerated().map { number, pair in
      let fields = ["Pt-\(number)", "true"] + (pair.0.reversed() + pair.1.reversed()).map { "\($0)" }
      return fields.map { "\"\($0)\"" }.joined(separator: ",") + "\n"
    }.joined()
  }
}

extension LandmarkPairs {
  /// Reads a table of landmarks of BigWarp; pairs that are not active are left out.
  ///
  /// - Throws: `TransformError` where it is none, or lists no pairs.
  public static func readBigWarp(contentsOf path: String) throws(TransformError) -> LandmarkPairs { try BigWarpLandmarks.read(path) }

  /// Writes the pairs as BigWarp reads them.
  ///
  /// - Throws: `TransformError` where the file cannot be written; it appears under its name when it is complete.
  public func writeBigWarp(to path: String) throws(TransformError) { try TransformText.write(BigWarpLandmarks.text(self), to: path) }
}
