// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `task run` is asked.
struct TaskArguments: TalkingArguments {
  var folder = ""
  var stage = ""
  var list: String?
  var group: Int?
  var threads: Int?
  var part: TaskPart?
  var beginFor: Double?
  var output = OutputArguments()
}

/// `weft task run`
enum TaskCommand {
  static let command = Command<TaskArguments>(
    "task run", "run tasks of one stage of a planned run, as executors do",
    discussion: [
      "All executors run this over the same files. Tasks that are done already are passed over; each task that ends is recorded in a ledger "
        + "of this process's own.",
      "A run is planned by `weft register`, `weft segment`, `weft apply` or `weft convert`: its folder holds plan.json from the first moment on. All stages before the one "
        + "that is named have to be done.",
      "On SIGUSR1 or SIGTERM the task under way is abandoned, and the exit status is 75: what is left can be run again.",
    ],
    defaults: TaskArguments(),
    groups: [
      OptionGroup(
        "Options",
        [
          .value(
            "--run-dir", at: \.folder, "DIR",
            "The run folder: DIR/.weft of a registration, .NAME.weft beside an image that `weft segment`, `weft apply` or `weft convert` writes",
            completion: .directory),
          .value("--stage", at: \.stage, "NAME", "The stage, as `weft status` lists them"),
          .value(
            "--list", at: \.list, "FILE", "Groups of task numbers, as JSON: {\"round\": 0, \"groups\": [[0, 1], [2]]}",
            fallback: "all tasks", completion: .file),
          .parsed(
            "--group", at: \.group, "N", "Which group of the list, counted from 0; only with --list", expected: "a whole number from 0"
          ) { Values.natural($0).map(Optional.some) },
          .parsed(
            "--part", at: \.part, "K/N", "The K-th of N equal shares of the stage's tasks", expected: "a share from 1/N to N/N, as 3/16",
            fallback: "all tasks"
          ) { TaskPart($0).map(Optional.some) },
          .parsed(
            "--begin-for", at: \.beginFor, "SECONDS", "Begin no further task after so long", expected: "seconds above 0", fallback: "no end"
          ) { Double($0).flatMap { $0 > 0 && $0.isFinite ? .some($0) : nil } },
          .threads(\.threads, fallback: "as planned"),
        ] + TaskArguments.talking)
    ], required: ["--run-dir", "--stage"],
    examples: [
      CommandExample("register all blocks of a planned run", "weft task run --run-dir out/.weft --stage fine"),
      CommandExample("a sixteenth of them", "weft task run --run-dir out/.weft --stage fine --part 3/16"),
    ],
    check: { (arguments) throws(UsageError) in
      if arguments.part != nil, arguments.list != nil {
        throw UsageError("`--part` and `--list` exclude each other", hint: "a list says itself which tasks a group has")
      }
    })

  static let verb = Verb(command) { arguments, console in
    Interruption.inTask()
    let progress = ProgressDisplay.make(console, arguments.output)
    try await RunHandle(arguments.folder).run(
      stage: arguments.stage, list: arguments.list, group: arguments.group, part: arguments.part, threads: arguments.threads,
      beginFor: arguments.beginFor, progress: progress)
    progress.close()
    return .done
  }
}
