// SPDX-License-Identifier: Apache-2.0

/// A whole tool as help, completions and the reference see it.
public struct ToolDescription: Sendable {
  /// The name of the executable.
  public let name: String
  /// One line, without a full stop.
  public let summary: String
  /// What follows the list of commands in the help.
  public let closing: String
  /// The commands, in the order of the help.
  public let commands: [CommandDescription]

  /// A tool with commands.
  public init(name: String, summary: String, closing: String, commands: [CommandDescription]) {
    self.name = name
    self.summary = summary
    self.closing = closing
    self.commands = commands
  }
}

/// One command as help, completions and the reference see it.
public struct CommandDescription: Sendable {
  /// The words it is called by, as `["plan", "register"]`.
  public var name: [String]
  /// One line, without a full stop.
  public var summary: String
  /// Paragraphs for the full help.
  public var discussion: [String]
  /// The arguments known by their place.
  public var positionals: [PositionalDescription]
  /// The options under their headings.
  public var groups: [(title: String, options: [OptionDescription])]
  /// Options that usage shows by name, because most calls need them.
  public var usual: [String]
  /// Command lines with what each does.
  public var examples: [CommandExample]

  /// All options in the order of the help.
  public var options: [OptionDescription] { groups.flatMap(\.options) }
}

/// A command line worth showing.
public struct CommandExample: Hashable, Sendable {
  /// What it does.
  public let purpose: String
  /// What to type.
  public let line: String

  /// A command line with its purpose.
  public init(_ purpose: String, _ line: String) {
    self.purpose = purpose
    self.line = line
  }
}

/// An option as help, completions and the reference see it.
public struct OptionDescription: Hashable, Sendable {
  /// What the shell offers where a value is due.
  public enum Completion: String, Sendable {
    case none, file, directory
  }

  /// As typed, the long one first.
  public var names: [String]
  /// What each value is called; empty for a flag.
  public var valueNames: [String]
  /// One line, without a full stop.
  public var summary: String
  /// What the full help tells beyond it.
  public var detail: String?
  /// All values there are, where they can be listed.
  public var choices: [String] = []
  /// What the shell offers for the value.
  public var completion = Completion.none
  /// Whether it may be given several times.
  public var isRepeatable = false
  /// What holds without it.
  public var defaultText: String?

  /// `--threads, -j COUNT`
  public var signature: String { names.joined(separator: ", ") + valueNames.map { " " + $0 }.joined() }
}

/// An argument known by its place, as help, completions and the reference see it.
public struct PositionalDescription: Hashable, Sendable {
  /// What help calls it, in capitals.
  public var name: String
  /// One line, without a full stop.
  public var summary: String
  /// Whether leaving it out is an error.
  public var isRequired: Bool
  /// Whether all words from its place on are such arguments.
  public var isRepeated = false
  /// All values there are, where they can be listed.
  public var choices: [String] = []
  /// What the shell offers.
  public var completion = OptionDescription.Completion.file

  /// The name as usage shows it.
  var usage: String { (isRequired ? name : "[\(name)]") + (isRepeated ? "…" : "") }
}
