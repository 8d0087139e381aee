// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// What `refine` is asked.
struct RefineArguments: TalkingArguments {
  var folder = ""
  var blocks: BlockSelection?
  var options = RefinementOptions()
  var output = OutputArguments()
}

/// `weft refine`
enum RefineCommand {
  static let command = Command<RefineArguments>(
    "refine", "register some blocks of a finished registration again",
    discussion: [
      "The chosen blocks are registered again, with the settings of the run but for those given here, and take the place of what they were. "
        + "Only what they act on is made anew: their part of the displacement field, which reaches into the overlap of their neighbours, and of "
        + "the registered image with its pyramid. All else stays as it is, byte for byte; tables, records and report are written again.",
      "DIR changes when all is done, and then at once; an interrupted refinement goes on when the same command is given again, or "
        + "`weft resume DIR`. blocks.csv says `refined` of the blocks that were, run.json how.",
      "A block that is left in doubt is tried in other ways, as in the run (a wider halo, a smoother displacement, another metric), but for "
        + "what is set here. With no setting a block comes out as it was, unless the run had left it untried.",
      "Needs both images where they were, and DIR/blocks, which `weft register` keeps unless it is given --drop-blocks.",
    ],
    defaults: RefineArguments(),
    positionals: [.value("DIR", at: \.folder, "The --output of a finished `weft register`", completion: .directory)],
    groups: [
      OptionGroup(
        "Blocks",
        [
          .parsed(
            "--blocks", at: \.blocks, "flagged|LIST|@FILE", "The blocks, by their numbers in blocks.csv",
            detail:
              "flagged: those whose verdict is weak, no-gain, jump, folded or failed. LIST: numbers and ranges, as 12,40-44. @FILE: a text "
              + "file with such lists, one a line; what follows # is passed over.",
            expected: "flagged, numbers as 12,40-44, or @FILE", completion: .file
          ) { BlockSelection($0).map(Optional.some) }
        ]),
      OptionGroup(
        "Method",
        [
          .value(
            "--metric", at: \.options.metric, "NAME", "What is maximised: auto, lncc, mi or mse",
            detail:
              "auto is the metric of the run. Verdicts go by that of the run in any case; metric_before and metric_after of refined blocks by "
              + "this one."),
          .parsed(
            "--accuracy", at: \.options.accuracy, "NAME", "How much work is done: draft, normal or high",
            expected: "one of \(Accuracy.allCases.map(\.rawValue).joined(separator: ", "))", fallback: "that of the run"
          ) { Accuracy(rawValue: $0).map(Optional.some) },
          .parsed(
            "--overlap", at: \.options.overlap, "FRACTION|VOXELSvx", "How far around a block is looked at, on each side",
            detail:
              "A fraction of the block (0.5), or voxels (100vx), up to a block: what is displaced by more than half of it is hardly found. "
              + "Displacements are blended over the overlap of the run, which this cannot be less than.",
            expected: "a fraction from 0 to below 1 as 0.5, or voxels as 100vx", fallback: "that of the run"
          ) { Overlap($0).map(Optional.some) },
          .parsed(
            "--smoothing", at: \.options.smoothing, "VOXELS", "Width of the Gaussian that smooths the displacement after each step",
            detail: "Its standard deviation: 2.5 keeps noise from leading a block astray, below 1 follows fine detail.",
            expected: "voxels above 0 and up to \(Int(RefinementOptions.mostSmoothing)), as 2.5", fallback: "by the images' noise"
          ) { text in Values.aboveZero(text).flatMap { $0 <= RefinementOptions.mostSmoothing ? .some($0) : nil } },
        ]),
      OptionGroup(
        "Output and machine",
        [
          .flag("--strict", at: \.options.isStrict, "End where a block cannot be read; exit with 3 where a block of DIR is flagged then"),
          .flag("--keep-work", at: \.options.keepWork, "Keep the work folder .weft"),
          .memory(\.options.memory, fallback: "as the run had it"),
          .threads(\.options.threads), .retries(\.options.retries),
        ] + RefineArguments.talking),
    ] + ExecutorArguments.groups(at: \.options.executor), required: ["--blocks"],
    examples: [
      CommandExample(
        "try the flagged blocks again, with more work and a wider view", "weft refine out --blocks flagged --accuracy high --overlap 0.5"),
      CommandExample("follow mutual information in some blocks", "weft refine out --blocks 12,40-44 --metric mi"),
    ], check: { (arguments) throws(UsageError) in try ExecutorArguments.check(arguments.options.executor) })

  static let verb = Verb(command) { arguments, console in
    guard let blocks = arguments.blocks else { throw UsageError("`refine` needs `--blocks`") }
    let progress = ProgressDisplay.make(console, arguments.output)
    let refinement = try RegistrationRefinement(arguments.folder, blocks: blocks, options: arguments.options, progress: progress)
    Interruption.resumable(output: arguments.folder)
    let result = try await refinement.run()
    progress.close()
    guard let result else {
      let record = NothingRefined(folder: arguments.folder)
      if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
      return .done
    }
    return try RegistrationSummary.tell(result, console, arguments.output, isStrict: arguments.options.isStrict)
  }
}

/// What is printed where no block is chosen.
private struct NothingRefined: Encodable {
  let folder: String
  let refined: [Int] = []

  var text: String { "no block in \(folder) is chosen: nothing was touched" }
}
