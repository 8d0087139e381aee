// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Looks at ITK's text format before its reader, which stops at a word that is no number and then misses parameters.
enum TransformTextCheck {
  /// - Throws: `TransformError` where a parameter is no finite number; what is no text at all is left to the reader.
  static func check(_ path: String) throws(TransformError) {
    guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8) else { return }
    for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      guard let name = words.first, name == "Parameters:" || name == "FixedParameters:" else { continue }
      guard let wrong = words.dropFirst().first(where: { Double($0)?.isFinite != true }) else { continue }
      throw TransformError(
        "\(path) line \(number + 1) holds `\(wrong)` where a finite number belongs",
        hint: "write the transform again, or correct the number")
    }
  }
}
