// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing

/// What `completions` is asked.
struct CompletionsArguments: Sendable {
  var shell = Shell.bash
}

/// `weft completions`
enum CompletionsCommand {
  static let command = Command<CompletionsArguments>(
    "completions", "print completions for a shell",
    discussion: ["For bash: source <(weft completions bash). For zsh: the same. For fish: weft completions fish | source"],
    defaults: CompletionsArguments(), positionals: [.value("SHELL", at: \.shell, "bash, zsh or fish", completion: .none)],
    examples: [CommandExample("complete in this shell", "source <(weft completions bash)")])

  static let verb = Verb(command) { arguments, console in
    console.print(Completions.script(for: WeftCommandLine.tool, shell: arguments.shell), terminator: "")
    return .done
  }
}
