// SPDX-License-Identifier: Apache-2.0

/// The reference of a tool in Markdown, from the same lists as its help.
public enum Reference {
  /// One page with every command and option.
  public static func markdown(for tool: ToolDescription) -> String {
    var parts = ["# The command line", "\(sentence(tool.summary)) This page is generated from the lists that `\(tool.name)` parses by."]
    parts.append(
      tool.commands.map { "- [`\(tool.name) \($0.name.joined(separator: " "))`](#\(anchor($0, tool))): \($0.summary)" }.joined(
        separator: "\n"))
    parts += tool.commands.map { section($0, tool: tool) }
    return parts.joined(separator: "\n\n") + "\n"
  }

  private static func section(_ command: CommandDescription, tool: ToolDescription) -> String {
    var parts = [
      "## \(tool.name) \(command.name.joined(separator: " "))", sentence(command.summary),
      "```\n\(Help.usage(of: command, tool: tool.name))\n```",
    ]
    parts += command.discussion.map(escaped)
    if !command.positionals.isEmpty {
      parts.append(table(["Argument", "Meaning"], command.positionals.map { ["`\($0.name)`", $0.summary] }))
    }
    for (title, options) in command.groups {
      parts.append("### \(title)")
      parts.append(
        table(
          ["Option", "Meaning", "Default"],
          options.map { option in
            [
              "`\(option.signature)`", ([option.summary] + [option.detail].compactMap(\.self)).joined(separator: ". "),
              option.defaultText ?? "",
            ]
          }))
    }
    if !command.examples.isEmpty {
      parts.append("### Examples")
      parts += command.examples.map { "\(sentence($0.purpose))\n\n```sh\n\($0.line)\n```" }
    }
    return parts.joined(separator: "\n\n")
  }

  private static func table(_ heading: [String], _ rows: [[String]]) -> String {
    let lines = [heading, heading.map { _ in "---" }] + rows.map { $0.map(escaped) }
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  private static func escaped(_ text: String) -> String {
    text.map { $0 == "|" ? "\\|" : $0 == "<" ? "&lt;" : $0 == "\n" ? " " : String($0) }.joined()
  }

  private static func sentence(_ text: String) -> String {
    guard let first = text.first else { return "" }
    return first.uppercased() + text.dropFirst() + "."
  }

  private static func anchor(_ command: CommandDescription, _ tool: ToolDescription) -> String {
    ([tool.name] + command.name).joined(separator: "-")
  }
}
