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
      "What is finished is kept, and `weft resume` goes on with it, unless --clean is given. Finished results are never touched: of several rounds those "
        + "that are done stay."
    ],
    defaults: CancelArguments(),
    positionals: [.value("OUTPUT", at: \.run, "The --output of the run", completion: .file)],
    groups: [
      OptionGroup("Options", [.flag("--clean", at: \.isCleaning, "Remove what the run did so far")] + CancelArguments.talking)
    ],
    examples: [CommandExample("stop a run and free the disk", "weft cancel out --clean")])

  static let verb = Verb(command) { arguments, console in
    if RunHandle.isFinished(arguments.run) {
      let record = CancelRecord(folder: arguments.run, wasRunning: false, isCleaned: false, isDone: true)
      if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
      return .done
    }
    let run = try RunHandle(arguments.run)
    let wasRunning = try run.stop()
    let isDone = arguments.isCleaning ? try run.clean() : false
    let record = CancelRecord(folder: run.output, wasRunning: wasRunning, isCleaned: arguments.isCleaning, isDone: isDone)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }
}

/// What is printed of a run that was stopped.
private struct CancelRecord: Encodable {
  let folder: String
  let wasRunning: Bool
  let isCleaned: Bool
  /// Whether the run was done but for the names of its results, which they have now.
  let isDone: Bool

  var text: String {
    if isDone { return "was done: its results have their names in \(folder)" }
    return (wasRunning ? "stopped" : "was not running")
      + (isCleaned ? "; what it did was removed" : "; `weft resume \(folder)` goes on with it")
  }
}
