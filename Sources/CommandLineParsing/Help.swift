// SPDX-License-Identifier: Apache-2.0

/// Help texts, wrapped at 100 columns.
public enum Help {
  static let width = 100

  /// The help of one command: in short the options with a line each; in full also what they mean, the discussion, and examples.
  public static func text(for command: CommandDescription, of tool: String, isFull: Bool) -> String {
    let name = ([tool] + command.name).joined(separator: " ")
    var parts = ["\(name): \(command.summary)", "Usage:\n" + wrapped(usage(of: command, tool: tool), indent: 2, hanging: 6)]
    if isFull { parts += command.discussion.map { wrapped($0, indent: 0) } }
    let column = column(for: command.positionals.map(\.name) + command.options.map(\.signature))
    if !command.positionals.isEmpty {
      parts.append(table("Arguments", command.positionals.map { ($0.name, [$0.summary]) }, column))
    }
    let help = [OptionDescription(names: ["--help", "-h"], valueNames: [], summary: "Show this help; -h in short, --help in full")]
    for (title, options) in command.groups + [("Help", help)] {
      parts.append(table(title, options.map { ($0.signature, lines(for: $0, isFull: isFull)) }, column))
    }
    if isFull, !command.examples.isEmpty {
      let examples = command.examples.map { "  # \($0.purpose)\n  \($0.line)" }
      parts.append("Examples:\n" + examples.joined(separator: "\n\n"))
    }
    if !isFull { parts.append("See `\(name) --help` for more on each option, and for examples") }
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// The help of the whole tool: its commands with a line each.
  public static func text(for tool: ToolDescription) -> String {
    let commands = tool.commands.map { ($0.name.joined(separator: " "), [$0.summary]) }
    let column = column(for: commands.map(\.0))
    let general = [("--version", ["Print the version"]), ("--help, -h", ["Show this help"])]
    return [
      "\(tool.name): \(tool.summary)", "Usage:\n  \(tool.name) COMMAND [arguments] [options]", table("Commands", commands, column),
      table("General", general, column), tool.closing,
    ].joined(separator: "\n\n") + "\n"
  }

  /// The line after `Usage:`, without indentation.
  static func usage(of command: CommandDescription, tool: String) -> String {
    var words = [tool] + command.name
    words += command.positionals.map(\.usage)
    for name in command.usual {
      guard let option = command.options.first(where: { $0.names.contains(name) }) else { continue }
      words.append(([name] + option.valueNames).joined(separator: " "))
    }
    return (words + ["[options]"]).joined(separator: " ")
  }

  private static func lines(for option: OptionDescription, isFull: Bool) -> [String] {
    var summary = option.summary
    if let text = option.defaultText { summary += " [default: \(text)]" }
    guard isFull, let detail = option.detail else { return [summary] }
    return [summary, detail]
  }

  /// Where the second column begins: beside the widest name that leaves room for it.
  private static func column(for names: [String]) -> Int {
    max("--help, -h".count, names.map(\.count).filter { $0 <= 28 }.max() ?? 0) + 4
  }

  /// A heading and two columns, the second wrapped; a first column too wide for its place gets a line of its own.
  private static func table(_ title: String, _ rows: [(String, [String])], _ column: Int) -> String {
    var lines = [title + ":"]
    for (left, paragraphs) in rows {
      let right = paragraphs.flatMap { wrapped($0, indent: column).split(separator: "\n").map(String.init) }
      if left.count + 4 > column {
        lines.append("  " + left)
        lines += right
      } else {
        let first = right.first.map { String($0.dropFirst(column)) } ?? ""
        lines.append("  " + left + String(repeating: " ", count: column - 2 - left.count) + first)
        lines += right.dropFirst()
      }
    }
    return lines.joined(separator: "\n")
  }

  /// Text broken between words.
  static func wrapped(_ text: String, indent: Int, hanging: Int? = nil) -> String {
    var lines: [String] = []
    var line = String(repeating: " ", count: indent)
    var isEmpty = true
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
      if !isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = String(repeating: " ", count: hanging ?? indent)
        isEmpty = true
      }
      line += (isEmpty ? "" : " ") + word
      isEmpty = false
    }
    return (lines + [line]).joined(separator: "\n")
  }
}
