// SPDX-License-Identifier: Apache-2.0

/// What a command line asks for.
public enum Parsed<Arguments: Sendable>: Sendable {
  /// To run with these arguments.
  case arguments(Arguments)
  /// To show the help, in short (`-h`) or in full (`--help`).
  case help(isFull: Bool)
}

extension Command {
  /// Reads the words that follow the command's name.
  ///
  /// Options may stand anywhere, as `--name value`, `--name=value`, `-n value` or `-nvalue`; after `--` everything is a place argument. The
  /// last of two equal options counts. A word that is no option is taken as a value even if it begins with a dash and a digit.
  ///
  /// - Throws: `UsageError` naming the word at fault, with the nearest known option where one is near.
  public func parse(_ words: [String]) throws(UsageError) -> Parsed<Arguments> {
    var reader = WordReader(command: self, words: words)
    return try reader.read()
  }
}

private struct WordReader<Arguments: Sendable> {
  let command: Command<Arguments>
  var rest: ArraySlice<String>
  var arguments: Arguments
  var places: [String] = []
  var seen: Set<String> = []

  init(command: Command<Arguments>, words: [String]) {
    self.command = command
    rest = words[...]
    arguments = command.defaults
  }

  var options: [Option<Arguments>] { command.groups.flatMap(\.options) }
  var title: String { command.name.joined(separator: " ") }

  mutating func read() throws(UsageError) -> Parsed<Arguments> {
    // Help wins over any mistake on the same line.
    let leading = rest.prefix { $0 != "--" }
    if leading.contains("--help") { return .help(isFull: true) }
    if leading.contains("-h") { return .help(isFull: false) }
    while let word = rest.popFirst() {
      if word == "--" {
        places += rest
        rest = []
      } else if word.hasPrefix("--") {
        try readLong(word)
      } else if word.hasPrefix("-"), word.count > 1, !Self.isNumber(word) {
        try readShort(word)
      } else {
        places.append(word)
      }
    }
    try takePlaces()
    for name in command.required where !seen.contains(name) {
      throw UsageError("`\(title)` needs `\(name)`", hint: "see `\(title) -h` for how to call it")
    }
    try command.check(&arguments)
    return .arguments(arguments)
  }

  private mutating func readLong(_ word: String) throws(UsageError) {
    let equals = word.firstIndex(of: "=")
    let name = String(word[..<(equals ?? word.endIndex)])
    guard let option = find(name) else { throw unknown(name) }
    try take(option, called: name, attached: equals.map { String(word[word.index(after: $0)...]) })
  }

  private mutating func readShort(_ word: String) throws(UsageError) {
    let name = String(word.prefix(2))
    guard let option = find(name) else { throw unknown(word) }
    let tail = word.dropFirst(2)
    if option.description.valueNames.isEmpty, !tail.isEmpty {
      // `-qs` is `-q -s`.
      try take(option, called: name, attached: nil)
      rest = ["-" + tail] + rest
      return
    }
    try take(option, called: name, attached: tail.isEmpty ? nil : String(tail.first == "=" ? tail.dropFirst() : tail))
  }

  private mutating func take(_ option: Option<Arguments>, called name: String, attached: String?) throws(UsageError) {
    let valueNames = option.description.valueNames
    var values: [String] = []
    if let attached {
      if valueNames.isEmpty { throw UsageError("`\(name)` takes no value, and was given `\(attached)`") }
      values.append(attached)
    }
    while values.count < valueNames.count {
      guard let value = rest.first, value != "--", find(String(value.prefix { $0 != "=" })) == nil else {
        let missing = valueNames[values.count...].joined(separator: " ")
        throw UsageError("`\(name)` needs a value: \(missing)", hint: hint(for: option))
      }
      values.append(value)
      rest.removeFirst()
    }
    // As from a variable of the shell that is not set.
    if values.contains("") { throw UsageError("`\(name)` was given an empty value", hint: hint(for: option)) }
    try option.apply(values, &arguments)
    seen.insert(option.description.names[0])
  }

  private mutating func takePlaces() throws(UsageError) {
    for (index, positional) in command.positionals.enumerated() {
      guard index < places.count else {
        if !positional.description.isRequired { continue }
        let missing = command.positionals[index...].filter(\.description.isRequired).map(\.description.name).joined(separator: " and ")
        throw UsageError("`\(title)` needs \(missing)", hint: "see `\(title) -h` for how to call it")
      }
      if positional.description.isRepeated {
        for place in places[index...] { try positional.apply(place, &arguments) }
        return
      }
      try positional.apply(places[index], &arguments)
    }
    if places.count > command.positionals.count {
      let extra = places[command.positionals.count]
      let takes = command.positionals.isEmpty ? "no arguments" : command.positionals.map(\.description.name).joined(separator: " ")
      throw UsageError("unexpected argument `\(extra)`: `\(title)` takes \(takes)", hint: "quote a path that has spaces in it")
    }
  }

  private func find(_ name: String) -> Option<Arguments>? { options.first { $0.description.names.contains(name) } }

  private func hint(for option: Option<Arguments>) -> String? {
    let choices = option.description.choices
    return choices.isEmpty ? nil : "choose one of " + choices.joined(separator: ", ")
  }

  private func unknown(_ word: String) -> UsageError {
    let names = options.flatMap(\.description.names) + ["--help"]
    let nearest = Suggestion.nearest(to: word, among: names)
    return UsageError(
      "unknown option `\(word)` for `\(title)`",
      hint: nearest.map { "did you mean `\($0)`?" } ?? "see `\(title) -h` for the options there are")
  }

  private static func isNumber(_ word: String) -> Bool { word.dropFirst().first.map { $0.isNumber || $0 == "." } ?? false }
}
