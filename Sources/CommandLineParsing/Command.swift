// SPDX-License-Identifier: Apache-2.0

/// One verb of a tool: what it takes, told once.
public struct Command<Arguments: Sendable>: Sendable {
  /// The words it is called by, as `["plan", "register"]`.
  public var name: [String]
  /// One line, without a full stop.
  public var summary: String
  /// Paragraphs for the full help.
  public var discussion: [String]
  /// The arguments before anything is typed: the defaults.
  public var defaults: Arguments
  /// The arguments known by their place.
  public var positionals: [Positional<Arguments>]
  /// The options under their headings.
  public var groups: [OptionGroup<Arguments>]
  /// Options without which the command cannot run.
  public var required: [String]
  /// Options that usage shows by name besides those, because most calls need them.
  public var usual: [String]
  /// Command lines with what each does.
  public var examples: [CommandExample]
  /// Checks that one option alone cannot make.
  public var check: @Sendable (inout Arguments) throws(UsageError) -> Void

  /// A command.
  public init(
    _ name: String, _ summary: String, discussion: [String] = [], defaults: Arguments, positionals: [Positional<Arguments>] = [],
    groups: [OptionGroup<Arguments>] = [], required: [String] = [], usual: [String] = [], examples: [CommandExample] = [],
    check: @escaping @Sendable (inout Arguments) throws(UsageError) -> Void = { (_) throws(UsageError) in }
  ) {
    self.name = name.split(separator: " ").map(String.init)
    self.summary = summary
    self.discussion = discussion
    self.defaults = defaults
    self.positionals = positionals
    self.groups = groups
    self.required = required
    self.usual = usual
    self.examples = examples
    self.check = check
  }

  /// What help, completions and the reference know of it.
  public var description: CommandDescription {
    CommandDescription(
      name: name, summary: summary, discussion: discussion, positionals: positionals.map(\.description),
      groups: groups.map { group in
        (
          group.title,
          group.options.map { option in
            var description = option.description
            description.defaultText = option.defaultText(defaults)
            return description
          }
        )
      }, usual: required + usual, examples: examples)
  }
}
