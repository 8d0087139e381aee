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
      "Reads the ledgers of the run (in DIR/.weft of a registration, in .NAME.weft beside an image that `weft segment`, `weft apply` or `weft convert` writes), on any "
        + "machine that sees them; the run itself is not disturbed. Of several rounds it lists which are done, and shows the stages of the one under way."
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
    let isJSON = arguments.output.json
    if RunHandle.isFinished(arguments.run) {
      let end = RunEnd(finished: arguments.run)
      if isJSON {
        try console.print(json: end)
      } else {
        console.print("\(arguments.run) is finished: no run of it is under way or was interrupted")
      }
      return .done
    }
    let run = try RunHandle(arguments.run)
    var status: RunStatus? = run.status
    var end = run.isFinished && status?.isRunning != true ? RunEnd(run, status) : nil
    repeat {
      if let status {
        if isJSON { try console.print(json: status) } else { console.print(text(status, end)) }
      } else if let end, !isJSON {
        console.print(end.text)
      }
      guard arguments.isWatching, status?.isRunning == true else { break }
      // Schedulers are asked less often.
      try await Task.sleep(for: .seconds(status?.jobs == nil ? 2 : 15))
      if !isJSON { console.print("") }
      // The run folder goes when the run is done.
      status = try? RunHandle(arguments.run).status
      if status?.isRunning != true { end = RunEnd(run, status) }
    } while true
    if let end, isJSON { try console.print(json: end) }
    return .done
  }

  /// - Parameter end: how it ended while it was watched, or before.
  static func text(_ status: RunStatus, _ end: RunEnd? = nil) -> String {
    var lines: [String] = []
    if let rounds = status.rounds { lines += [Numbers.table(rounds.map { ($0.name, $0.state.rawValue) })] }
    var rows = [["stage", "done", "of", "seconds", "failed"]]
    for stage in status.stages {
      rows.append([
        stage.name, String(stage.done), stage.tasks.map(String.init) ?? "?", Numbers.text(stage.seconds, digits: 1),
        String(stage.failures.count),
      ])
    }
    if !status.stages.isEmpty { lines.append(Numbers.columns(rows)) }
    for stage in status.stages where !stage.states.isEmpty {
      lines.append("\(stage.name): " + stage.states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", "))
    }
    for failure in status.stages.flatMap(\.failures).prefix(10) {
      lines.append(failure.text)
    }
    let left =
      RunEnd.hasFailed(status) ? "not running, since it failed: `weft resume` tries again" : "not running: `weft resume` goes on with it"
    if let jobs = status.jobs {
      lines.append("jobs: " + jobs.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", "))
    }
    if let reason = status.jobsUnknown { lines.append("whether jobs are at work is not known: \(reason)") }
    lines.append(end?.text ?? status.process.map { "at work: process \($0)" } ?? (status.jobs == nil ? left : "at work: in jobs"))
    return lines.joined(separator: "\n")
  }
}

/// How a run ended while it was watched.
struct RunEnd: Encodable {
  enum Kind: String, Encodable {
    case finished, failed, stopped, dropped
  }

  let ended: Kind
  let output: String

  /// - Parameter status: what is left of it; `nil` where its folder is gone.
  init(_ run: RunHandle, _ status: RunStatus?) {
    output = run.output
    if run.isFinished {
      ended = .finished
    } else if let status {
      ended = Self.hasFailed(status) ? .failed : .stopped
    } else {
      ended = .dropped
    }
  }

  /// The end of a run that nobody watched.
  init(finished output: String) { (ended, self.output) = (.finished, output) }

  /// Whether a run ended by tasks that failed. A stage whose tasks are all on record goes on without those that failed.
  static func hasFailed(_ status: RunStatus) -> Bool { status.stages.contains { !$0.failures.isEmpty && $0.done != $0.tasks } }

  var text: String {
    switch ended {
    case .finished: "the run finished: \(output)"
    case .failed: "the run failed: `weft resume \(output)` tries again"
    case .stopped: "the run was stopped before its end: `weft resume \(output)` goes on with it"
    case .dropped: "the run ended without a result, and nothing of it is kept"
    }
  }
}
