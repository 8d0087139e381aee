// SPDX-License-Identifier: Apache-2.0

/// An argument that is known by its place.
public struct Positional<Arguments: Sendable>: Sendable {
  /// What help, completions and the reference know of it.
  public let description: PositionalDescription
  let apply: @Sendable (String, inout Arguments) throws(UsageError) -> Void

  /// An argument that must be given.
  ///
  /// - Parameters:
  ///   - name: what help calls it, in capitals.
  ///   - field: what it is written to.
  ///   - summary: one line, without a full stop.
  ///   - isRequired: whether leaving it out is an error.
  ///   - completion: what the shell offers.
  public static func value<Value: ArgumentValue>(
    _ name: String, at field: any WritableKeyPath<Arguments, Value> & Sendable, _ summary: String, isRequired: Bool = true,
    completion: OptionDescription.Completion = .file
  ) -> Positional {
    Positional(
      description: PositionalDescription(
        name: name, summary: summary, isRequired: isRequired, choices: Value.choices, completion: completion),
      apply: { (text, arguments) throws(UsageError) in
        guard let value = Value(argument: text) else {
          let nearest = Suggestion.nearest(to: text, among: Value.choices)
          throw UsageError(
            "invalid value `\(text)` for \(name): expected \(Value.expected)", hint: nearest.map { "did you mean `\($0)`?" })
        }
        arguments[keyPath: field] = value
      })
  }

  /// All arguments from this place on.
  ///
  /// - Parameters:
  ///   - field: what they are appended to.
  ///   - isRequired: whether giving none is an error.
  public static func repeated<Value: ArgumentValue>(
    _ name: String, at field: any WritableKeyPath<Arguments, [Value]> & Sendable, _ summary: String, isRequired: Bool = true,
    completion: OptionDescription.Completion = .file
  ) -> Positional {
    Positional(
      description: PositionalDescription(
        name: name, summary: summary, isRequired: isRequired, isRepeated: true, choices: Value.choices, completion: completion),
      apply: { (text, arguments) throws(UsageError) in
        guard let value = Value(argument: text) else {
          throw UsageError("invalid value `\(text)` for \(name): expected \(Value.expected)")
        }
        arguments[keyPath: field].append(value)
      })
  }
}
