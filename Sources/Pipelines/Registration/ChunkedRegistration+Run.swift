// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Volumes

extension ChunkedRegistration {
  /// Runs all stages and writes `registered.*`, `transforms/`, `blocks.csv`, `timings.csv` and `run.json` into a folder.
  ///
  /// Nothing appears under a final name before all is done. What an interrupted run into the same folder finished is kept as far as the
  /// same inputs and parameters led to it, block by block.
  ///
  /// - Throws: errors of reading and writing, naming the file; `RegistrationError`; `RunError` where another run is at work there;
  ///   `CancellationError`.
  public func run(into folder: String) async throws -> RegistrationResult {
    let output = try OutputFolder(folder, inputs: [fixed.path, moving.path], overwrite: options.overwrite)
    do {
      let lock = try RunLock(output.run)
      defer { withExtendedLifetime(lock) {} }
      let published = try Publication.begun(in: output.run).map {
        try $0.finish(in: output.run, to: output.url)
        return $0
      }
      let registration = try resumed(in: output, published)
      for note in registration.plan.notes { progress.report(.note(note)) }
      let run = RegistrationRun(registration, output.run)
      if published?.key == run.key { return try registration.complete(run, output) }
      return try await registration.execute(run, output)
    } catch {
      throw output.explained(error)
    }
  }

  /// Goes on with the run in an output folder, wherever that lies by now.
  ///
  /// - Parameters:
  ///   - folder: the output folder, or the run folder inside it.
  ///   - change: changes options that no result depends on: memory, threads, retries.
  /// - Throws: `PipelineError` where there is no run to go on with, or an input changed; else as `run(into:)`.
  public static func resume(
    _ folder: String, progress: any ProgressReporter = SilentProgress(), change: (inout RegistrationOptions) -> Void = { _ in }
  ) async throws -> RegistrationResult {
    let (run, plan) = try plan(in: folder)
    var options = plan.options
    change(&options)
    return try await registration(of: plan, options, progress).run(into: run.url.deletingLastPathComponent().path)
  }

  /// Blends, composes and resamples the moving image once, and writes the registered image and the transforms into `folder`.
  ///
  /// - Throws: errors of reading and writing, naming the file; `RunError` where a run is at work there, `PipelineError` where one is to be
  ///   gone on with and `overwrite` is not set; `CancellationError`.
  public func resample(_ coarse: CoarseRegistration, _ blocks: BlockRegistrations?, into folder: String) async throws -> RegistrationResult
  {
    let output = try OutputFolder(folder, inputs: [fixed.path, moving.path], overwrite: options.overwrite)
    do {
      let lock = try RunLock(output.run)
      defer { withExtendedLifetime(lock) {} }
      guard options.overwrite || !FileManager.default.fileExists(atPath: output.run.plan.path) else {
        throw PipelineError(
          "a run was begun in \(output.url.path) and is not done",
          hint: "go on with it (`weft resume \(output.url.path)`), choose another folder, or set `overwrite`")
      }
      try output.clear()
      do { return try await execute(RegistrationRun(self, output.run, part: .image(coarse, blocks)), output) } catch {
        output.abandon()
        throw error
      }
    } catch {
      throw output.explained(error)
    }
  }

  private func execute(_ run: RegistrationRun, _ output: OutputFolder) async throws -> RegistrationResult {
    let journal = Journal(output.run, run.outlines)
    do {
      tell(try run.prepare())
      try await LocalExecutor(folder: output.run, retries: options.retries, progress: progress).run(run)
    } catch {
      if case .all = run.part {
        if Self.isWorthNothing(journal, error) { output.abandon() } else { tellHowToGoOn(journal, output) }
      }
      throw error
    }
    if case .image = run.part { try run.completeImage() }
    let moves = run.publication
    let publication = Publication(
      key: run.key, moves: moves, removed: OutputFolder.resultNames.filter { name in !moves.contains { $0.to == name } })
    try publication.begin(in: output.run)
    try publication.finish(in: output.run, to: output.url)
    return try complete(run, output)
  }

  /// What was found, once all of it has its final name; the run folder goes.
  private func complete(_ run: RegistrationRun, _ output: OutputFolder) throws -> RegistrationResult {
    var result = try run.result(Journal(output.run, run.outlines))
    if !result.blocks.isEmpty, result.blocks.allSatisfy({ $0.state == .outside }) {
      progress.report(.warning("the moving image lies outside the region everywhere: the registered image is empty"))
    }
    if options.keepWork { try Publication.end(in: output.run) } else { output.abandon() }
    result.folder = output.url.path
    result.registered = output.url.appendingPathComponent("registered.\(options.format.fileExtension)").path
    return result
  }

  /// This registration, with the numbers of an earlier run into the same folder where that is gone on with.
  ///
  /// - Parameter published: what the earlier run had begun to publish, and is published now.
  /// - Throws: `PipelineError` where that, or what the earlier run began with, is not what is asked for now.
  private func resumed(in output: OutputFolder, _ published: Publication?) throws -> ChunkedRegistration {
    let (fixedNow, movingNow) = (InputIdentity(fixed), InputIdentity(moving))
    var frozen: FrozenPlan?
    do {
      if let earlier = try RegistrationPlanFile.read(output.run) {
        if let change = fixedNow.difference(from: earlier.fixed) ?? movingNow.difference(from: earlier.moving) {
          guard options.overwrite else {
            throw PipelineError(
              "the run that was begun in \(output.url.path) had another input: \(change)",
              hint: "give --overwrite to begin again, `weft cancel \(output.url.path) --clean` to drop what is done, or another --output")
          }
          try output.clear()
        } else if earlier.frozen.cause == FrozenPlan.Cause(options) {
          frozen = earlier.frozen
        }
      } else {
        try output.clear()
      }
    } catch let error as PipelineError where options.overwrite {
      progress.report(.note(error.message))
      try output.clear()
    }
    let registration = try ChunkedRegistration(fixed: fixed, moving: moving, options: options, progress: progress, frozen: frozen)
    if let published, published.key != RegistrationRun(registration, output.run).key {
      try Publication.end(in: output.run)
      guard options.overwrite else {
        throw PipelineError(
          "--output \(output.url.path) holds the results of a run with other parameters, which was just about to end",
          hint: "choose another folder, or give --overwrite to replace the results in it")
      }
    }
    let file = RegistrationPlanFile(
      fixed: fixedNow, moving: movingNow, options: options,
      frozen: FrozenPlan(registration.plan, options), stages: RegistrationRun(registration, output.run).outlines)
    try file.write(to: output.run)
    return registration
  }

  /// The run in a folder, an output folder or the run folder in it, and its plan.
  ///
  /// - Throws: `PipelineError` where there is none.
  static func plan(in folder: String) throws -> (run: RunFolder, plan: RegistrationPlanFile) {
    let url = URL(fileURLWithPath: folder).standardizedFileURL
    for candidate in [url.appendingPathComponent(OutputFolder.workName), url] {
      if let plan = try RegistrationPlanFile.read(RunFolder(candidate)) { return (RunFolder(candidate), plan) }
    }
    throw PipelineError(
      "\(folder) holds no run: there is no \(OutputFolder.workName)/plan.json",
      hint: "name the --output of a run that was begun; a finished run has none left, unless it had --keep-work")
  }

  /// The registration that a plan describes.
  static func registration(
    of plan: RegistrationPlanFile, _ options: RegistrationOptions, _ progress: any ProgressReporter
  ) throws -> ChunkedRegistration {
    try ChunkedRegistration(
      fixed: .open(plan.fixed.path, axes: plan.fixed.axes, spacing: plan.fixed.spacing),
      moving: .open(plan.moving.path, axes: plan.moving.axes, spacing: plan.moving.spacing), options: options, progress: progress,
      frozen: plan.frozen)
  }

  private func tell(_ stale: [(stage: String, changes: [String])]) {
    guard let first = stale.first else { return }
    progress.report(
      .note(
        "other parameters than before (\(first.changes.joined(separator: "; "))): done again are "
          + stale.map(\.stage).joined(separator: ", ")))
  }

  /// Whether something is wrong with what was given, and hardly anything was done that another run could use: less than ten seconds of
  /// downsampling.
  private static func isWorthNothing(_ journal: Journal, _ error: any Error) -> Bool {
    if error is CancellationError || error is CocoaError || error is RunError || (error as? ChunkStoreError)?.isOfTheDisk == true {
      return false
    }
    guard journal.entries(of: RegistrationRun.StageName.coarse).isEmpty, journal.entries(of: RegistrationRun.StageName.check).isEmpty else {
      return false
    }
    return journal.entries(of: RegistrationRun.StageName.downsample).values.map(\.seconds).reduce(0, +) < 10
  }

  /// Says how far the run is, and how to go on.
  private func tellHowToGoOn(_ journal: Journal, _ output: OutputFolder) {
    guard let stage = journal.outlines.last(where: { !journal.entries(of: $0.name).isEmpty }) else { return }
    let done = journal.entries(of: stage.name).count
    progress.report(
      .note(
        "what is done is kept (\(done)\(stage.tasks.map { " of \($0)" } ?? "") tasks of \(stage.name)): `weft resume \(output.url.path)` or "
          + "the same command goes on"))
  }
}
