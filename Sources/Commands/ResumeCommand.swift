// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `resume` is asked.
struct ResumeArguments: TalkingArguments {
  var run = ""
  var memory: MemoryBudget?
  var threads: Int?
  /// Where tasks are run from now on; `nil` for where they were.
  var newExecutor: ExecutorOptions?
  var executor: ExecutorOptions {
    get { newExecutor ?? ExecutorOptions() }
    set { newExecutor = newValue }
  }
  var output = OutputArguments()

  /// Puts what was asked for into the options of a run.
  func change(_ options: inout some RunOptions) {
    if let memory { options.memory = memory }
    if let threads { options.threads = threads }
    if let newExecutor { options.executor = newExecutor }
    // What was only planned is done now.
    if newExecutor?.isPlanOnly != true { options.executor.isPlanOnly = false }
  }
}

/// `weft resume`
enum ResumeCommand {
  static let command = Command<ResumeArguments>(
    "resume", "go on with a run that was interrupted",
    discussion: [
      "Everything that was finished is kept, block by block; the result is the same, byte for byte, as without the interruption. The run's own options hold, --strict and --executor too; any option of a cluster given here "
        + "takes the place of all of them, so that --executor local goes on in this process. The same "
        + "`weft register`, `weft refine`, `weft segment`, `weft apply` or `weft convert` goes on as well."
    ],
    defaults: ResumeArguments(),
    positionals: [.value("OUTPUT", at: \.run, "The --output of the run", completion: .file)],
    groups: [
      OptionGroup(
        "Options",
        [
          .memory(\.memory, fallback: "as the run had it"),
          .threads(\.threads, fallback: "as the run had it"),
        ] + ResumeArguments.talking)
    ] + ExecutorArguments.groups(at: \.executor),
    examples: [CommandExample("go on after a power cut", "weft resume out")],
    check: { (arguments) throws(UsageError) in try ExecutorArguments.check(arguments.executor) })

  static let verb = Verb(command) { arguments, console in
    let progress = ProgressDisplay.make(console, arguments.output)
    Interruption.resumable(output: arguments.run)
    switch try RunHandle(arguments.run).kind {
    case .registration:
      var isStrict = false
      let result = try await ChunkedRegistration.resume(arguments.run, progress: progress) { options in
        arguments.change(&options)
        isStrict = options.isStrict
      }
      progress.close()
      return try RegistrationSummary.tell(result, console, arguments.output, isStrict: isStrict)
    case .rounds:
      var isStrict = false
      let result = try await RoundRegistration.resume(
        arguments.run, progress: progress,
        change: { options in
          arguments.change(&options)
          isStrict = options.isStrict
        }, roundDone: { _ = try ReportCommand.write(after: $0.folder, console) })
      progress.close()
      return try RoundsSummary.tell(result, console, arguments.output, isStrict: isStrict)
    case .refinement:
      var isStrict = false
      let result = try await RegistrationRefinement.resume(arguments.run, progress: progress) { options in
        arguments.change(&options)
        isStrict = options.isStrict
      }
      progress.close()
      return try RegistrationSummary.tell(result, console, arguments.output, isStrict: isStrict)
    case .application:
      let result = try await TransformApplication.resume(arguments.run, progress: progress) { options in
        arguments.change(&options)
      }
      progress.close()
      let record = ApplyRecord(output: result.output, largestInverseResidual: result.largestInverseResidual)
      try ApplyCommand.tell(record, result.warning, console, arguments.output)
    case .segmentation:
      let result = try await ChunkedSegmentation.resume(arguments.run, progress: progress) { options in
        arguments.change(&options)
      }
      progress.close()
      try SegmentCommand.tell(result, console, arguments.output)
    case .tileImages:
      let result = try await TileImages.resume(arguments.run, progress: progress) { options in
        arguments.change(&options)
      }
      progress.close()
      try WrittenImage.tell(result, console, arguments.output)
    case .conversion:
      let result = try await ImageConversion.resume(arguments.run, progress: progress) { options in
        arguments.change(&options)
      }
      progress.close()
      try WrittenImage.tell(result, console, arguments.output)
    }
    return .done
  }
}
