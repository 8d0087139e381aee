// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A parameter file of elastix: lines as `(Name value value …)`, text in quotes, `//` before what is only for people.
/// https://elastix.dev/manual.php
struct ElastixParameters {
  let path: String
  private var values: [String: [String]] = [:]

  /// Whether a text is such a file of a transform.
  static func isOne(_ text: String) -> Bool {
    text.contains("(TransformParameters ") && text.split(whereSeparator: \.isNewline).contains { $0.hasPrefix("(Transform \"") }
  }

  /// - Throws: `TransformError` where a line that begins a parameter does not end it.
  init(_ path: String) throws(TransformError) {
    self.path = path
    let lines = try TransformText.read(path).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
    for (number, line) in lines.enumerated() {
      let code = Self.withoutComment(line.trimmingCharacters(in: .whitespaces)).trimmingCharacters(in: .whitespaces)
      guard code.hasPrefix("(") else { continue }
      guard code.hasSuffix(")") else {
        throw TransformError(
          "\(path) line \(number + 1) begins a parameter and does not end it", hint: "the file may be cut short; write it again")
      }
      let words = Self.words(code.dropFirst().dropLast())
      if let name = words.first { values[name] = Array(words.dropFirst()) }
    }
  }

  private static func withoutComment(_ line: String) -> String {
    var isQuoted = false
    var last: Character?
    for index in line.indices {
      if line[index] == "\"" { isQuoted.toggle() }
      if line[index] == "/", last == "/", !isQuoted { return String(line[..<line.index(before: index)]) }
      last = line[index]
    }
    return line
  }

  private static func words(_ text: Substring) -> [String] {
    var words: [String] = []
    var word = ""
    var (isQuoted, isWord) = (false, false)
    for character in text {
      if character == "\"" {
        isQuoted.toggle()
        isWord = true
      } else if character.isWhitespace, !isQuoted {
        if isWord { words.append(word) }
        (word, isWord) = ("", false)
      } else {
        word.append(character)
        isWord = true
      }
    }
    if isWord { words.append(word) }
    return words
  }

  func text(_ name: String) -> String? { values[name]?.first }

  /// - Throws: `TransformError` where the parameter is missing or holds other than `count` finite numbers.
  func numbers(_ name: String, count: Int? = nil) throws(TransformError) -> [Double] {
    guard let texts = values[name] else {
      throw TransformError("\(path) has no parameter `\(name)`", hint: "the file may be cut short, or be no result of elastix")
    }
    var numbers: [Double] = []
    for text in texts {
      guard let number = Double(text), number.isFinite else {
        throw TransformError(
          "\(path): `\(name)` holds `\(text)` where a finite number belongs", hint: "write the transform again, or correct the number")
      }
      numbers.append(number)
    }
    if let count, numbers.count != count {
      throw TransformError(
        "\(path): `\(name)` holds \(numbers.count) numbers, and \(count) are needed", hint: "the file may be damaged; write it again")
    }
    return numbers
  }
}
