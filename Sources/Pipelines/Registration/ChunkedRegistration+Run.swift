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
  public func run(into folder: String) async throws -> RegistrationResult { try await run(into: folder, isResuming: false) }

  private func run(into folder: String, isResuming: Bool) async throws -> RegistrationResult {
    let output = try OutputFolder(folder, inputs: fixed.places + moving.places, overwrite: options.overwrite)
    do {
      let lock = try RunLock(output.run)
      defer { withExtendedLifetime(lock) {} }
      let published = try Publication.begun(in: output.run).map {
        try $0.finish(in: output.run, to: output.url)
        return $0
      }
      let registration = try resumed(in: output, published, isResuming: isResuming)
      for note in registration.plan.notes { progress.report(.note(note)) }
      let run = RegistrationRun(registration, output.run)
      if let published, published.key == run.outlines.key, published.isWhole(in: output.url) {
        return try registration.complete(run, output)
      }
      if published != nil {
        try Publication.end(in: output.run)
        try output.refuseResults(overwrite: options.overwrite)
      }
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
    let (run, plan) = try RunFolder.planned(folder, as: RegistrationPlanFile.self)
    var options = plan.options
    change(&options)
    return try await plan.registration(options, progress).run(into: run.url.deletingLastPathComponent().path, isResuming: true)
  }

  /// Blends, composes and resamples the moving image once, and writes the registered image and the transforms into `folder`.
  ///
  /// - Throws: errors of reading and writing, naming the file; `RunError` where a run is at work there, `PipelineError` where one is to be
  ///   gone on with and `overwrite` is not set; `CancellationError`.
  public func resample(_ coarse: CoarseRegistration, _ blocks: BlockRegistrations?, into folder: String) async throws -> RegistrationResult
  {
    let output = try OutputFolder(folder, inputs: fixed.places + moving.places, overwrite: options.overwrite)
    do {
      let lock = try RunLock(output.run)
      defer { withExtendedLifetime(lock) {} }
      guard options.overwrite || !FileManager.default.fileExists(atPath: output.run.plan.path) else {
        throw PipelineError(
          "a run was begun in \(output.url.path) and is not done",
          hint: "go on with it (`weft resume \(output.url.path)`), choose another folder, or set `overwrite`")
      }
      try output.run.clear()
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
      progress.report(staleStages: try run.prepare(output.run))
      try await options.execution(output: output.url.path).run(run, in: output.run, progress: progress)
    } catch let error as RunDetached { throw error } catch {
      if case .all = run.part {
        if Self.isWorthNothing(journal, error) {
          output.abandon()
        } else {
          journal.report(to: progress, goOn: "`weft resume \(output.url.path)` or the same command goes on")
        }
      }
      throw error
    }
    if case .image = run.part {
      try run.imageStages().complete()
      try run.completeTransforms(in: run.coarseFiles.transforms)
    }
    // Somebody may have put results there meanwhile.
    try output.refuseResults(overwrite: options.overwrite)
    let moves = run.publication
    let publication = Publication(
      key: run.outlines.key, moves: moves, removed: OutputFolder.resultNames.filter { name in !moves.contains { $0.to == name } })
    try publication.begin(in: output.run)
    try publication.finish(in: output.run, to: output.url)
    return try complete(run, output)
  }

  /// What was found, once all of it has its final name; the run folder goes.
  private func complete(_ run: RegistrationRun, _ output: OutputFolder) throws -> RegistrationResult {
    let result = try run.publishedResult(in: output.url)
    if options.keepWork { try Publication.keep(in: output.run) } else { output.abandon() }
    return result
  }

  /// This registration, with the numbers of an earlier run into the same folder where that is gone on with.
  ///
  /// - Parameters:
  ///   - published: what the earlier run had begun to publish, and is published now.
  ///   - isResuming: whether another input is refused whatever the options say.
  /// - Throws: `PipelineError` where that, or what the earlier run began with, is not what is asked for now.
  private func resumed(in output: OutputFolder, _ published: Publication?, isResuming: Bool) throws -> ChunkedRegistration {
    let (fixedNow, movingNow) = (InputIdentity(fixed, withChunks: true), InputIdentity(moving, withChunks: true))
    let othersNow = options.otherInputs.map { $0.withChunks() }
    let earlier = try RegistrationPlanFile.adopted(
      from: output.run, output: output.url.path, overwrite: options.overwrite && !isResuming, progress: progress
    ) { earlier in
      fixedNow.difference(from: earlier.fixed) ?? movingNow.difference(from: earlier.moving)
        // Another mask leads to other stages by itself, but for its chunks.
        ?? othersNow.lazy.compactMap { now in earlier.others?.first { $0.text == now.text }.flatMap(now.difference(from:)) }.first
    }
    let frozen = earlier.flatMap { $0.frozen.cause == FrozenPlan.Cause(options) ? $0.frozen : nil }
    let registration = try ChunkedRegistration(fixed: fixed, moving: moving, options: options, progress: progress, frozen: frozen)
    if let published, published.key != RegistrationRun(registration, output.run).outlines.key {
      try Publication.end(in: output.run)
      guard options.overwrite else {
        output.abandon()
        throw PipelineError(
          "--output \(output.url.path) holds the results of a run with other parameters, which was just about to end",
          hint: "choose another folder, or give --overwrite to replace the results in it")
      }
    }
    let file = RegistrationPlanFile(
      fixed: fixedNow, moving: movingNow, others: othersNow, options: options,
      frozen: FrozenPlan(registration.plan, options), stages: RegistrationRun(registration, output.run).outlines)
    try file.write(to: output.run)
    return registration
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
}
