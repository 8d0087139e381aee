// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `cancel` is asked.
struct CancelArguments: TalkingArguments {
  var run = ""
  var isCleaning = false
  var output = OutputArguments()
}

/// `weft cancel`
enum CancelCommand {
  static let command = Command<CancelArguments>(
    "cancel", "stop a run, or drop what it did",
    discussion: [
      "What is finished is kept, and `weft resume` goes on with it, unless --clean is given. Finished results are never touched."
    ],
    defaults: CancelArguments(),
    positionals: [.value("OUTPUT", at: \.run, "The --output of the run", completion: .file)],
    groups: [
      OptionGroup("Options", [.flag("--clean", at: \.isCleaning, "Remove what the run did so far")] + CancelArguments.talking)
    ],
    examples: [CommandExample("stop a run and free the disk", "weft cancel out --clean")])

  static let verb = Verb(command) { arguments, console in
    let run = try RunHandle(arguments.run)
    let wasRunning = try run.stop()
    if arguments.isCleaning { try run.clean() }
    let record = CancelRecord(folder: run.output, wasRunning: wasRunning, isCleaned: arguments.isCleaning)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }
}

/// What is printed of a run that was stopped.
private struct CancelRecord: Encodable {
  let folder: String
  let wasRunning: Bool
  let isCleaned: Bool

  var text: String {
    (wasRunning ? "stopped" : "was not running") + (isCleaned ? "; what it did was removed" : "; `weft resume \(folder)` goes on with it")
  }
}
