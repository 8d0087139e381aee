// SPDX-License-Identifier: Apache-2.0

/// The shells that completions can be written for.
public enum Shell: String, Sendable, CaseIterable, ArgumentValue {
  case bash, zsh, fish
}

/// Completion scripts.
public enum Completions {
  /// The script for one shell, to be sourced (bash, zsh) or put into its folder of completions (fish).
  public static func script(for tool: ToolDescription, shell: Shell) -> String {
    switch shell {
    case .bash: bash(tool)
    case .zsh: "#compdef \(tool.name)\nautoload -U +X bashcompinit && bashcompinit\n" + bash(tool)
    case .fish: fish(tool)
    }
  }

  /// Works in zsh too, through its `bashcompinit`.
  private static func bash(_ tool: ToolDescription) -> String {
    let function = "_\(tool.name)_complete"
    var lines = [
      "# Completions of \(tool.name); source this file.", "\(function)() {", "  local word=\"${COMP_WORDS[COMP_CWORD]}\"",
      "  local before=\"${COMP_WORDS[COMP_CWORD-1]}\"", "  local command=\"${COMP_WORDS[1]}\"", "  local words=\"\"",
      "  if [ \"$COMP_CWORD\" -eq 1 ]; then",
      "    COMPREPLY=($(compgen -W \"\(firstWords(tool).joined(separator: " ")) --help --version\" -- \"$word\"))", "    return",
      "  fi", "  case \"$command\" in",
    ]
    for first in firstWords(tool) {
      let commands = tool.commands.filter { $0.name[0] == first }
      lines.append("    \(first))")
      let choices = merged(commands.flatMap(\.options).filter { !$0.choices.isEmpty })
      let folders = merged(commands.flatMap(\.options).filter { $0.completion == .directory })
      if !choices.isEmpty || !folders.isEmpty {
        lines.append("      case \"$before\" in")
        for option in choices {
          let pattern = option.names.joined(separator: "|")
          lines.append(
            "        \(pattern)) COMPREPLY=($(compgen -W \"\(option.choices.joined(separator: " "))\" -- \"$word\")); return ;;")
        }
        if !folders.isEmpty {
          lines.append(
            "        \(folders.flatMap(\.names).joined(separator: "|"))) COMPREPLY=($(compgen -d -- \"$word\")); return ;;")
        }
        lines.append("      esac")
      }
      var words = commands.flatMap { $0.name.dropFirst() } + commands.flatMap { $0.positionals.flatMap(\.choices) }
      words += merged(commands.flatMap(\.options)).flatMap(\.names) + ["--help"]
      lines += ["      words=\"\(words.joined(separator: " "))\"", "      ;;"]
    }
    lines += [
      "  esac", "  case \"$word\" in", "    -*) COMPREPLY=($(compgen -W \"$words\" -- \"$word\")) ;;",
      "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$word\") $(compgen -f -- \"$word\")) ;;", "  esac", "}",
      "complete -o filenames -F \(function) \(tool.name)",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func fish(_ tool: ToolDescription) -> String {
    var lines = ["# Completions of \(tool.name).", "complete -c \(tool.name) -n __fish_use_subcommand -l version -d 'Print the version'"]
    for first in firstWords(tool) {
      let summary = tool.commands.first { $0.name[0] == first }?.summary ?? ""
      lines.append("complete -c \(tool.name) -n __fish_use_subcommand -a \(first) -d \(quoted(summary))")
      let commands = tool.commands.filter { $0.name[0] == first }
      let condition = "-n '__fish_seen_subcommand_from \(first)'"
      for word in commands.flatMap({ $0.name.dropFirst() }) + commands.flatMap({ $0.positionals.flatMap(\.choices) }) {
        lines.append("complete -c \(tool.name) \(condition) -a \(word)")
      }
      for option in merged(commands.flatMap(\.options)) {
        var line = "complete -c \(tool.name) \(condition)"
        for name in option.names { line += name.hasPrefix("--") ? " -l \(name.dropFirst(2))" : " -s \(name.dropFirst())" }
        if !option.valueNames.isEmpty { line += " -r" }
        if !option.choices.isEmpty { line += " -f -a \(quoted(option.choices.joined(separator: " ")))" }
        if option.completion == .directory { line += " -f -a '(__fish_complete_directories)'" }
        lines.append(line + " -d \(quoted(option.summary))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func firstWords(_ tool: ToolDescription) -> [String] {
    var words: [String] = []
    for command in tool.commands where !words.contains(command.name[0]) { words.append(command.name[0]) }
    return words
  }

  /// Each option once, where two commands share a first word.
  private static func merged(_ options: [OptionDescription]) -> [OptionDescription] {
    var seen: Set<String> = []
    return options.filter { seen.insert($0.names[0]).inserted }
  }

  private static func quoted(_ text: String) -> String {
    "'" + text.map { $0 == "'" ? "\\'" : String($0) }.joined() + "'"
  }
}
