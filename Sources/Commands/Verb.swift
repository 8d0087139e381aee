// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing

/// One verb of `weft`: what it takes and what it does.
struct Verb: Sendable {
  let description: CommandDescription
  /// Runs the words that follow the verb.
  let run: @Sendable ([String], Console) async throws -> ExitStatus

  init<Arguments: Sendable>(
    _ command: Command<Arguments>, _ body: @escaping @Sendable (Arguments, Console) async throws -> ExitStatus
  ) {
    description = command.description
    run = { words, console in
      switch try command.parse(words) {
      case .help(let isFull):
        console.print(Help.text(for: command.description, of: WeftCommandLine.name, isFull: isFull), terminator: "")
        return .done
      case .arguments(let arguments): return try await body(arguments, console)
      }
    }
  }
}

/// How a call of `weft` ended.
public enum ExitStatus: Int32, Sendable {
  /// All is well.
  case done = 0
  /// Something went wrong with the data, the files or the machine.
  case failed = 1
  /// The arguments make no sense.
  case wrongUsage = 2
  /// Done, but with blocks to look at, under `--strict`.
  case flagged = 3
  /// A group of tasks was stopped by SIGUSR1 or SIGTERM, as at the end of its time: what is left can be run again (EX_TEMPFAIL).
  case abandoned = 75
  /// Stopped by Ctrl-C or `kill`, as shells count: 128 and the signal's number, here that of SIGINT.
  case interrupted = 130
}
