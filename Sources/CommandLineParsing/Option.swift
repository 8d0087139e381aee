// SPDX-License-Identifier: Apache-2.0

/// One option of a command, told once: parsing, help, completions and the reference all read it.
public struct Option<Arguments: Sendable>: Sendable {
  /// What help, completions and the reference know of it.
  public var description: OptionDescription
  let apply: @Sendable ([String], inout Arguments) throws(UsageError) -> Void
  let defaultText: @Sendable (Arguments) -> String?

  /// An option with one value.
  ///
  /// - Parameters:
  ///   - names: as typed, the long one first: `"--threads", "-j"`.
  ///   - field: what the value is written to; its value in fresh arguments is the default that help shows.
  ///   - valueName: what help calls the value, in capitals.
  ///   - summary: one line, without a full stop, naming the unit.
  ///   - detail: what `--help` tells beyond it.
  ///   - fallback: what happens without the option, where that is no value of the field.
  ///   - completion: what the shell offers for the value.
  public static func value<Value: ArgumentValue>(
    _ names: String..., at field: any WritableKeyPath<Arguments, Value> & Sendable, _ valueName: String, _ summary: String,
    detail: String? = nil, fallback: String? = nil, completion: OptionDescription.Completion = .none
  ) -> Option {
    Option(
      description: OptionDescription(
        names: names, valueNames: [valueName], summary: summary, detail: detail, choices: Value.choices,
        completion: Value.choices.isEmpty ? completion : .none),
      apply: { (texts, arguments) throws(UsageError) in
        arguments[keyPath: field] = try parse(texts[0], names[0])
      }, defaultText: { fallback ?? $0[keyPath: field].argumentText })
  }

  /// An option with one value that is read by a function of its own.
  ///
  /// - Parameters:
  ///   - expected: what a value looks like, as it follows "expected" in a message.
  ///   - parse: reads the text; `nil` where it is not understood.
  public static func parsed<Value: Sendable>(
    _ names: String..., at field: any WritableKeyPath<Arguments, Value> & Sendable, _ valueName: String, _ summary: String,
    detail: String? = nil, expected: String, fallback: String? = nil, completion: OptionDescription.Completion = .none,
    parse: @escaping @Sendable (String) -> Value?
  ) -> Option {
    Option(
      description: OptionDescription(names: names, valueNames: [valueName], summary: summary, detail: detail, completion: completion),
      apply: { (texts, arguments) throws(UsageError) in
        guard let value = parse(texts[0]) else {
          throw UsageError("invalid value `\(texts[0])` for `\(names[0])`: expected \(expected)")
        }
        arguments[keyPath: field] = value
      }, defaultText: { _ in fallback })
  }

  /// An option that may be given several times, each time with one value.
  public static func repeated<Value: ArgumentValue>(
    _ names: String..., at field: any WritableKeyPath<Arguments, [Value]> & Sendable, _ valueName: String, _ summary: String,
    detail: String? = nil, completion: OptionDescription.Completion = .none
  ) -> Option {
    Option(
      description: OptionDescription(
        names: names, valueNames: [valueName], summary: summary, detail: detail, choices: Value.choices, completion: completion,
        isRepeatable: true),
      apply: { (texts, arguments) throws(UsageError) in
        arguments[keyPath: field].append(try parse(texts[0], names[0]))
      }, defaultText: { _ in nil })
  }

  /// An option that may be given several times, whose values are put together.
  ///
  /// - Parameters:
  ///   - combine: what is there by now, and what comes to it.
  ///   - parse: reads the text; `nil` where it is not understood.
  public static func repeated<Value: Sendable>(
    _ names: String..., at field: any WritableKeyPath<Arguments, Value> & Sendable, _ valueName: String, _ summary: String,
    detail: String? = nil, expected: String, combine: @escaping @Sendable (Value, Value) -> Value,
    parse: @escaping @Sendable (String) -> Value?
  ) -> Option {
    Option(
      description: OptionDescription(
        names: names, valueNames: [valueName], summary: summary, detail: detail, isRepeatable: true),
      apply: { (texts, arguments) throws(UsageError) in
        guard let value = parse(texts[0]) else {
          throw UsageError("invalid value `\(texts[0])` for `\(names[0])`: expected \(expected)")
        }
        arguments[keyPath: field] = combine(arguments[keyPath: field], value)
      }, defaultText: { _ in nil })
  }

  /// An option followed by a fixed number of values.
  public static func values<Value: ArgumentValue>(
    _ names: String..., at field: any WritableKeyPath<Arguments, [Value]> & Sendable, _ valueNames: [String], _ summary: String,
    detail: String? = nil, completion: OptionDescription.Completion = .none
  ) -> Option {
    Option(
      description: OptionDescription(names: names, valueNames: valueNames, summary: summary, detail: detail, completion: completion),
      apply: { (texts, arguments) throws(UsageError) in
        var values: [Value] = []
        for text in texts { values.append(try parse(text, names[0])) }
        arguments[keyPath: field] = values
      }, defaultText: { _ in nil })
  }

  /// An option without a value, which sets a Boolean.
  public static func flag(
    _ names: String..., at field: any WritableKeyPath<Arguments, Bool> & Sendable, _ summary: String, detail: String? = nil
  ) -> Option {
    Option(
      description: OptionDescription(names: names, valueNames: [], summary: summary, detail: detail),
      apply: { (_, arguments) throws(UsageError) in arguments[keyPath: field] = true }, defaultText: { _ in nil })
  }

  private static func parse<Value: ArgumentValue>(_ text: String, _ name: String) throws(UsageError) -> Value {
    if let value = Value(argument: text) { return value }
    let nearest = Suggestion.nearest(to: text, among: Value.choices)
    throw UsageError(
      "invalid value `\(text)` for `\(name)`: expected \(Value.expected)", hint: nearest.map { "did you mean `\(name) \($0)`?" })
  }
}

/// Options under one heading of the help.
public struct OptionGroup<Arguments: Sendable>: Sendable {
  /// The heading.
  public let title: String
  /// The options, in the order of the help.
  public let options: [Option<Arguments>]

  /// Options under a heading.
  public init(_ title: String, _ options: [Option<Arguments>]) {
    self.title = title
    self.options = options
  }
}

extension OptionGroup {
  /// The same options for arguments that hold these.
  public func inside<Outer>(_ part: any WritableKeyPath<Outer, Arguments> & Sendable) -> OptionGroup<Outer> {
    OptionGroup<Outer>(
      title,
      options.map { option in
        Option<Outer>(
          description: option.description,
          apply: { (texts, arguments) throws(UsageError) in try option.apply(texts, &arguments[keyPath: part]) },
          defaultText: { option.defaultText($0[keyPath: part]) })
      })
  }
}
