// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Pipelines

/// A value of a JSON file, read with errors that name the file and the place in it.
struct SpecificationReader {
  let value: JSON
  let file: String
  /// Where it lies, as `input_arrays.raw.shape`.
  let place: String

  func error(_ message: String, hint: String? = nil) -> PipelineError {
    PipelineError("\(file): \(place.isEmpty ? "" : "`\(place)`: ")\(message)", hint: hint ?? "see Docs/Guides/patches.md")
  }

  private func inner(_ value: JSON, _ name: String) -> SpecificationReader {
    SpecificationReader(value: value, file: file, place: place.isEmpty ? name : place + "." + name)
  }

  /// A member; `nil` where there is none, or it is null.
  subscript(name: String) -> SpecificationReader? { value[name].map { inner($0, name) } }

  func require(_ name: String) throws -> SpecificationReader {
    guard let member = self[name] else { throw error("`\(name)` is missing") }
    return member
  }

  /// The members of an object, by name.
  func members() throws -> [(name: String, value: SpecificationReader)] {
    guard let members = value.members else { throw error("it is \(value.shown), and must be an object") }
    return members.sorted { $0.key < $1.key }.map { ($0.key, inner($0.value, $0.key)) }
  }

  /// Refuses members that nothing looks at: mostly a name that was mistyped.
  func allowOnly(_ names: [String]) throws {
    for (name, _) in try members() where !names.contains(name) {
      throw error("`\(name)` is not known here", hint: "known are \(names.joined(separator: ", "))")
    }
  }

  func list() throws -> [SpecificationReader] {
    guard let elements = value.elements else { throw error("it is \(value.shown), and must be a list") }
    return elements.enumerated().map { inner($1, "\($0)") }
  }

  func text() throws -> String {
    guard let text = value.text else { throw error("it is \(value.shown), and must be text") }
    return text
  }

  func number() throws -> Double {
    guard let number = value.number, number.isFinite else { throw error("it is \(value.shown), and must be a number") }
    return number
  }

  func whole(atLeast least: Int, atMost most: Int = 1 << 30) throws -> Int {
    guard let whole = value.whole, whole >= least else {
      throw error("it is \(value.shown), and must be a whole number of at least \(least)")
    }
    guard whole <= most else { throw error("it is \(whole), and must be \(most) at the most") }
    return whole
  }

  func flag() throws -> Bool {
    guard case .boolean(let flag) = value else { throw error("it is \(value.shown), and must be true or false") }
    return flag
  }

  func texts() throws -> [String] { try list().map { try $0.text() } }

  /// Numbers, `count` of them where it is told.
  func numbers(_ count: Int? = nil) throws -> [Double] {
    let numbers = try list().map { try $0.number() }
    if let count, numbers.count != count { throw error("it has \(numbers.count) numbers, and must have \(count)") }
    return numbers
  }

  /// A number for itself, or a range of two that rise.
  func range() throws -> ClosedRange<Double> {
    if let number = value.number { return number...number }
    let numbers = try numbers(2)
    guard numbers[0] <= numbers[1] else { throw error("it is a range from \(numbers[0]) down to \(numbers[1])") }
    return numbers[0]...numbers[1]
  }

  /// One of the words of an enumeration.
  func word<Word: RawRepresentable & CaseIterable>(_ type: Word.Type) throws -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: try text()) else {
      throw error("it is \(value.shown), and must be one of \(Word.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return word
  }
}
