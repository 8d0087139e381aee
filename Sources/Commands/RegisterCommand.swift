// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Foundation
internal import Weft

/// `weft register`
enum RegisterCommand {
  static let command = Command<RegistrationArguments>(
    "register", "bring one image onto another, or several rounds onto one",
    discussion: [
      "First the whole volume is registered at low resolution: a start is searched, then an affine map and a smooth warp. Then each block of "
        + "the fixed volume is registered at full resolution, the blocks' displacements are blended into one continuous field, and the moving "
        + "image is resampled once, from its original voxels.",
      RegistrationArguments.inputs,
      "With several moving images, as rounds of imaging of one tissue, each is registered to FIXED by itself, one after the other, with the same "
        + "options; all its channels are written. DIR receives a folder for each, named as the image, in which lies what a run of that pair "
        + "alone leaves, and rounds.json and report.html, which list them. All images are looked at before the first is registered; a round "
        + "that fails later keeps none from going on. Docs/Guides/rounds.md tells more.",
      "A run that was interrupted goes on when the same command is given again, or `weft resume DIR`: finished blocks are kept.",
      "DIR receives registered.ome.zarr, transforms/ (ITK/ANTs files and the local field), blocks/ (each block's own field, for `weft refine`), "
        + "blocks.csv, timings.csv and run.json. Nothing "
        + "appears there before all is done; at last report.html shows it in pictures and tables (`weft report` makes it again).",
    ],
    defaults: RegistrationArguments(), positionals: RegistrationArguments.positionals,
    groups: [
      OptionGroup(
        "Output",
        [
          .value(
            "--output", "-o", at: \.folder, "DIR", "Folder for the results, new or empty", completion: .directory),
          .flag("--dry-run", at: \.isDryRun, "Print what would be done, with blocks, memory and disk, and stop"),
          .flag(
            "--strict", at: \.options.isStrict,
            "End where a block cannot be read; exit with 3 where one is flagged, the map folds, or the images hardly overlap"),
        ] + RegistrationArguments.talking), RegistrationArguments.blocks, RegistrationArguments.method,
      RegistrationArguments.images,
      RegistrationArguments.result, RegistrationArguments.machine,
    ] + ExecutorArguments.groups(at: \.options.executor), usual: ["--output"],
    examples: [
      CommandExample(
        "register two light-sheet volumes with the settings for their size", "weft register fixed.ome.zarr moving.ome.zarr --output out"),
      CommandExample(
        "see blocks, memory and disk first", "weft register fixed.ome.zarr moving.ome.zarr --output out --memory 8GB --dry-run"),
      CommandExample(
        "try a small region with smaller blocks",
        "weft register fixed.ome.zarr moving.ome.zarr --output try --region 0:128,256:512,256:512 --chunk-size 128"),
      CommandExample(
        "bring three rounds of imaging onto the first by their channel 0, all channels applied",
        "weft register round1.ome.zarr round2.ome.zarr round3.ome.zarr round4.ome.zarr --fixed-channel 0 --moving-channel 0 --output rounds"
      ),
      CommandExample(
        "register on a cluster, blocks of one volume side by side",
        "weft register fixed.ome.zarr moving.ome.zarr --output out --executor slurm --slurm-partition short --slurm-time 2:00:00"),
      CommandExample(
        "only align two brains of different orientation", "weft register a.nii.gz b.nii.gz --output out --stages affine --format nifti"),
    ],
    check: { (arguments) throws(UsageError) in
      if arguments.folder == nil, !arguments.isDryRun {
        throw UsageError("`register` needs `--output`", hint: "name a folder for the results, as --output out")
      }
      try ExecutorArguments.check(arguments.options.executor)
      if arguments.areRounds, arguments.options.executor.isPlanOnly {
        throw UsageError(
          "`--plan-only` plans one pair, and several rounds are given", hint: "plan each pair by itself, into a folder of its own")
      }
    })

  static let verb = Verb(command) { arguments, console in
    guard let folder = arguments.folder, !arguments.isDryRun else {
      try PlanCommand.show(arguments, console)
      return .done
    }
    let progress = ProgressDisplay.make(console, arguments.output)
    if arguments.areRounds {
      let rounds = try arguments.rounds(progress: progress)
      Interruption.resumable(output: folder)
      let result = try await rounds.run(into: folder) { _ = try ReportCommand.write(after: $0.folder, console) }
      progress.close()
      return try RoundsSummary.tell(result, console, arguments.output, isStrict: arguments.options.isStrict)
    }
    let registration = try arguments.registration(progress: progress)
    Interruption.resumable(output: folder)
    let result = try await registration.run(into: folder)
    progress.close()
    return try RegistrationSummary.tell(result, console, arguments.output, isStrict: arguments.options.isStrict)
  }
}

/// What is printed of a finished registration.
struct RegistrationSummary: Encodable {
  let folder: String
  let registered: String
  /// The page; `nil` where it could not be written.
  let report: String?
  let start: String
  let metric: String
  let metricReason: String
  let coarse: CoarseQuality
  let blocks: [String: Int]
  let verdicts: [String: Int]
  /// The numbers of the flagged blocks, and of those that were ever refined.
  let flagged: [Int]
  let refined: [Int]
  let canRefine: Bool
  let fineBefore: Double?
  let fineAfter: Double?
  let insidePercent: Double
  let foldingPercent: Double
  let minimumJacobian: Double
  let peakMemory: Int

  /// Writes the report of a registration that has just ended, and prints what was found.
  ///
  /// - Returns: how the command ends.
  @discardableResult
  static func tell(
    _ result: RegistrationResult, _ console: Console, _ output: OutputArguments, isStrict: Bool = false
  ) throws -> ExitStatus {
    let summary = RegistrationSummary(result, report: try ReportCommand.write(after: result.folder, console))
    if output.json { try console.print(json: summary) } else { console.print(summary.text) }
    guard result.isFlagged else { return .done }
    if isStrict { console.warn("blocks are flagged, the map folds, or the images hardly overlap: see \(result.folder)/blocks.csv") }
    if !output.json, !output.quiet {
      console.advise("Docs/Guides/troubleshooting.md tells what helps where blocks are flagged, the map folds, or images hardly overlap")
    }
    return isStrict ? .flagged : .done
  }

  private init(_ result: RegistrationResult, report: String?) {
    folder = result.folder
    registered = result.registered
    self.report = report
    start = result.coarse.start
    metric = result.coarse.metric.rawValue
    metricReason = result.coarse.metricReason
    coarse = result.coarse.quality
    blocks = Dictionary(uniqueKeysWithValues: result.blockStates.map { ($0.key.rawValue, $0.value) })
    verdicts = Dictionary(uniqueKeysWithValues: result.verdicts.map { ($0.key.rawValue, $0.value) })
    flagged = result.blocks.filter(\.verdict.isFlagged).map(\.block.number)
    refined = result.blocks.filter { $0.attempt == .refined }.map(\.block.number)
    canRefine = result.keepsBlocks
    fineBefore = result.fineQuality?.before
    fineAfter = result.fineQuality?.after
    insidePercent = result.map.insidePercent
    foldingPercent = result.map.foldingPercent
    minimumJacobian = result.map.minimumJacobian
    peakMemory = PeakMemory.bytes()
  }

  var text: String {
    var rows: [(String, String)] = [("start", start), ("metric", "\(metric) (\(metricReason))")]
    let steps = [("start", coarse.start as Double?), ("affine", coarse.affine), ("warp", coarse.warp)]
    let reached = steps.compactMap { name, value in value.map { "\(name) \(Numbers.text($0, digits: 4))" } }
    rows.append(("coarse metric", reached.joined(separator: ", ")))
    if !blocks.isEmpty {
      func counts(_ counts: [String: Int]) -> String {
        counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
      }
      rows += [("blocks", counts(blocks)), ("verdicts", counts(verdicts))]
    }
    if let fineBefore, let fineAfter {
      rows.append(("block metric", "\(Numbers.text(fineBefore, digits: 4)) before, \(Numbers.text(fineAfter, digits: 4)) after"))
    }
    if !refined.isEmpty { rows.append(("refined", Self.list(refined))) }
    if !flagged.isEmpty {
      let way = canRefine ? "; `weft refine \(folder) --blocks flagged` tries them again, with other settings" : ""
      rows.append(("flagged", Self.list(flagged) + way))
    }
    rows.append(("overlap", "\(Numbers.text(insidePercent, digits: 2)) % of the fixed image's voxels map inside the moving image"))
    rows.append(
      (
        "folding",
        "\(Numbers.text(foldingPercent, digits: 4)) % of voxels (least Jacobian determinant \(Numbers.text(minimumJacobian, digits: 3)))"
      ))
    rows.append(("peak memory", MemoryBudget.describe(peakMemory)))
    rows.append(("result", registered))
    if let report { rows.append(("report", report)) }
    return Numbers.table(rows)
  }

  /// Some numbers of blocks, not all where they are many.
  private static func list(_ numbers: [Int]) -> String {
    let shown = numbers.prefix(8).map(String.init).joined(separator: ", ")
    return "block\(numbers.count == 1 ? "" : "s") \(shown)" + (numbers.count > 8 ? " and \(numbers.count - 8) more" : "")
  }
}
