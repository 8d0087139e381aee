// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `status` is asked.
struct StatusArguments: TalkingArguments {
  var run = ""
  var isWatching = false
  var output = OutputArguments()
}

/// `weft status`
enum StatusCommand {
  static let command = Command<StatusArguments>(
    "status", "tell how far a run is",
    discussion: [
      "Reads the ledgers of the run (in DIR/.weft of a registration, in .NAME.weft beside an image that `weft apply` writes), on any "
        + "machine that sees them; the run itself is not disturbed."
    ],
    defaults: StatusArguments(),
    positionals: [.value("OUTPUT", at: \.run, "The --output of the run", completion: .file)],
    groups: [
      OptionGroup(
        "Options",
        [.flag("--watch", at: \.isWatching, "Print again every two seconds, until the run ends")] + StatusArguments.talking)
    ],
    examples: [CommandExample("see how far a registration is", "weft status out")])

  static let verb = Verb(command) { arguments, console in
    var isFirst = true
    repeat {
      let status: RunStatus
      // The run folder goes when the run is done.
      do { status = try RunHandle(arguments.run).status } catch  where !isFirst { break }
      isFirst = false
      if arguments.output.json { try console.print(json: status) } else { console.print(text(status)) }
      guard arguments.isWatching, status.isRunning else { break }
      try await Task.sleep(for: .seconds(2))
      if !arguments.output.json { console.print("") }
    } while true
    return .done
  }

  static func text(_ status: RunStatus) -> String {
    var rows = [["stage", "done", "of", "seconds", "failed"]]
    for stage in status.stages {
      rows.append([
        stage.name, String(stage.done), stage.tasks.map(String.init) ?? "?", Numbers.text(stage.seconds, digits: 1),
        String(stage.failures.count),
      ])
    }
    var lines = [Numbers.columns(rows)]
    for stage in status.stages where !stage.states.isEmpty {
      lines.append("\(stage.name): " + stage.states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    }
    for failure in status.stages.flatMap(\.failures).prefix(10) {
      lines.append(failure.text)
    }
    lines.append(status.process.map { "at work: process \($0)" } ?? "not running: `weft resume` goes on with it")
    return lines.joined(separator: "\n")
  }
}
