// SPDX-License-Identifier: Apache-2.0

/// A type that an option's value can have.
///
/// Enumerations of strings get everything for free: `extension Colour: ArgumentValue {}`.
public protocol ArgumentValue: Sendable {
  /// Reads the text of an argument; `nil` where it is not understood.
  init?(argument: String)
  /// What a value looks like, as it follows "expected" in a message: `a whole number`.
  static var expected: String { get }
  /// All values there are, for help and completions; empty where they cannot be listed.
  static var choices: [String] { get }
  /// The value as it would be typed, for the defaults in help; `nil` where there is nothing to show.
  var argumentText: String? { get }
}

extension ArgumentValue {
  public static var choices: [String] { [] }
}

extension ArgumentValue where Self: RawRepresentable & CaseIterable, RawValue == String {
  public init?(argument: String) { self.init(rawValue: argument) }
  public static var expected: String { "one of " + choices.joined(separator: ", ") }
  public static var choices: [String] { allCases.map(\.rawValue) }
  public var argumentText: String? { rawValue }
}

extension String: ArgumentValue {
  public init?(argument: String) { self = argument }
  public static var expected: String { "text" }
  public var argumentText: String? { isEmpty ? nil : self }
}

extension Int: ArgumentValue {
  public init?(argument: String) { self.init(argument) }
  public static var expected: String { "a whole number" }
  public var argumentText: String? { String(self) }
}

extension Double: ArgumentValue {
  public init?(argument: String) {
    guard let value = Double(argument), value.isFinite else { return nil }
    self = value
  }
  public static var expected: String { "a number" }
  public var argumentText: String? {
    let text = String(self)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Optional: ArgumentValue where Wrapped: ArgumentValue {
  public init?(argument: String) {
    guard let value = Wrapped(argument: argument) else { return nil }
    self = .some(value)
  }
  public static var expected: String { Wrapped.expected }
  public static var choices: [String] { Wrapped.choices }
  public var argumentText: String? { self?.argumentText }
}
