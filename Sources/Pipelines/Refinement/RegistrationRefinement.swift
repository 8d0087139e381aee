// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation

/// Some blocks of a finished registration, registered again with other settings, into the same result.
///
///     let refinement = try RegistrationRefinement("out", blocks: .flagged)
///     let result = try await refinement.run()
///
/// Only what the chosen blocks act on is made anew: their part of the local field and of the registered image. The folder changes when all is
/// done, and then at once.
public struct RegistrationRefinement: Sendable {
  let output: URL
  let blocks: BlockSelection
  let options: RefinementOptions
  let progress: any ProgressReporter

  private var work: RunFolder { RunFolder(output.appendingPathComponent(OutputFolder.workName)) }

  /// Nothing is done yet.
  ///
  /// - Parameters:
  ///   - folder: the output folder of a registration.
  ///   - blocks: which blocks are registered again.
  /// - Throws: `PipelineError` where the folder holds no finished registration.
  public init(
    _ folder: String, blocks: BlockSelection, options: RefinementOptions = RefinementOptions(),
    progress: any ProgressReporter = SilentProgress()
  ) throws {
    output = URL(fileURLWithPath: folder).standardizedFileURL
    (self.blocks, self.options, self.progress) = (blocks, options, progress)
    let hint = "name the --output of a finished `weft register`"
    guard !folder.isEmpty else { throw PipelineError("no registration is named", hint: hint) }
    // The results of a refinement may be just getting their names.
    let isRefined = (try? RefinementPlanFile.read(work)) != nil
    if isRefined || FileManager.default.fileExists(atPath: output.path + "/run.json") { return }
    guard let isFolder = FileManager.default.isFolder(atPath: output.path) else {
      throw PipelineError("\(output.path) does not exist", hint: hint)
    }
    if isFolder, RunHandle.isBegun(output.path) {
      throw PipelineError("the registration in \(output.path) is not finished", hint: "`weft resume \(output.path)` goes on with it")
    }
    throw PipelineError(
      isFolder
        ? "\(output.path) holds no run.json, so it is no finished registration"
        : "\(output.path) is a file, and blocks of a registration in a folder are refined", hint: RoundsRecord.hint(in: output.path) ?? hint
    )
  }

  /// Registers the blocks again and brings the result up to date; what an interrupted refinement of the same blocks did is kept.
  ///
  /// - Returns: the whole result; `nil` where no block is chosen, since none is flagged: nothing is touched then.
  /// - Throws: `PipelineError` where blocks do not exist, the run did not keep what is needed, or an input is not what it was; `RunError` where
  ///   another run is at work there; errors of reading and writing; `CancellationError`.
  public func run() async throws -> RegistrationResult? {
    try await locked { () async throws -> RegistrationResult? in
      // What --keep-work left of a run that is done tells of results that are no more; another kind of run that is not done is refused.
      let isDone = Publication.kept(in: work) != nil
      let earlier = isDone ? nil : try RefinementPlanFile.read(work)
      if let ended = try finishPublication() {
        if let earlier, earlier.selection == blocks.description, earlier.options.settings == options.settings {
          return try complete(ended)
        }
        progress.report(.note("an earlier refinement was just about to end, and has"))
        try work.clear()
      }
      if let earlier, earlier.selection != blocks.description || earlier.options.settings != options.settings, hasTasks(earlier) {
        throw PipelineError(
          "a refinement of other blocks or with other settings (\(Self.text(earlier))) was interrupted in \(output.path)",
          hint: "`weft resume \(output.path)` goes on with it, `weft cancel \(output.path) --clean` drops it")
      }
      let kept = try KeptRun(output)
      let registration = try kept.registration(options, withChunks: true, progress)
      let numbers = try blocks.resolved(in: output.path, count: registration.grid.count)
      if numbers.isEmpty { return nil }
      if isDone { try work.clear() }
      let run = RegistrationRun(
        registration, work, part: .refinement(Refinement(kept: kept, blocks: numbers, options: options)))
      try RefinementPlanFile(selection: blocks.description, blocks: numbers, options: options, stages: run.outlines).write(to: work)
      return try await execute(run)
    }
  }

  /// Goes on with the refinement in an output folder.
  ///
  /// - Parameters:
  ///   - folder: the output folder, or the run folder inside it.
  ///   - change: changes options that no result depends on: memory, threads, retries.
  /// - Throws: `PipelineError` where there is none, or an input changed; else as `run()`.
  public static func resume(
    _ folder: String, progress: any ProgressReporter = SilentProgress(), change: (inout RefinementOptions) -> Void = { _ in }
  ) async throws -> RegistrationResult {
    let (work, plan) = try RunFolder.planned(folder, as: RefinementPlanFile.self)
    var options = plan.options
    change(&options)
    // Chosen by their numbers: results that were just getting their names may flag others.
    let refinement = RegistrationRefinement(output: work.url.deletingLastPathComponent(), options: options, progress: progress)
    return try await refinement.locked {
      if let ended = try refinement.finishPublication() { return try refinement.complete(ended) }
      return try await refinement.execute(plan.refinementRun(in: work, options, withChunks: true, progress))
    }
  }

  private init(output: URL, options: RefinementOptions, progress: any ProgressReporter) {
    (self.output, self.options, self.progress) = (output, options, progress)
    blocks = .flagged
  }

  /// Does something while no other run does it in the folder; of what failed before a task was done nothing stays.
  private func locked<Result>(_ body: () async throws -> Result) async throws -> Result {
    let isNew = !FileManager.default.fileExists(atPath: work.url.path)
    do {
      try FileManager.default.createDirectory(at: work.url, withIntermediateDirectories: true)
      let lock = try RunLock(work)
      defer { withExtendedLifetime(lock) {} }
      RunFolder.sweep(output)
      let result: Result
      do { result = try await body() } catch {
        if isNew, (try? RefinementPlanFile.read(work)).map({ !hasTasks($0) }) ?? true { try? work.remove() }
        throw error
      }
      if !FileManager.default.fileExists(atPath: work.plan.path) { try? work.remove() }
      return result
    } catch { throw explained(error) }
  }

  private static func text(_ plan: RefinementPlanFile) -> String {
    (["--blocks \(plan.selection)"] + plan.options.settings.sorted { $0.key < $1.key }.map { "--\($0.key) \($0.value)" }).joined(
      separator: " ")
  }

  private func hasTasks(_ plan: RefinementPlanFile) -> Bool {
    let journal = Journal(work, plan.stages)
    return plan.stages.contains { !journal.entries(of: $0.name).isEmpty }
  }

  /// An error that says where, and what to do: what the registration kept is not made again.
  private func explained(_ error: any Error) -> any Error {
    if let damage = error as? DamagedOutput, !damage.path.hasPrefix(work.url.path + "/") {
      return PipelineError(
        damage.localizedDescription, hint: "copy \(output.path) again from where it is whole, or register the pair again")
    }
    guard let cause = error as? CocoaError else { return error }
    return PipelineError(
      "a result in \(output.path) cannot be written: \(RunError.reason(cause))",
      hint: "free some space, or see that you may write there; then the same command goes on")
  }

  /// Ends a refinement whose results were just getting their names.
  ///
  /// - Returns: that refinement; `nil` where there is none.
  private func finishPublication() throws -> RegistrationRun? {
    guard let publication = Publication.begun(in: work), let plan = try RefinementPlanFile.read(work) else { return nil }
    try publication.finish(in: work, to: output)
    return try plan.refinementRun(in: work, options, progress)
  }

  private func execute(_ run: RegistrationRun) async throws -> RegistrationResult {
    let journal = Journal(work, run.outlines)
    do {
      try run.refinement?.check(run)
      progress.report(staleStages: try run.prepare(work))
      try await options.execution(output: output.path).run(run, in: work, progress: progress)
    } catch let error as RunDetached { throw error } catch {
      journal.report(to: progress, goOn: "`weft resume \(output.path)` or the same command goes on")
      throw error
    }
    let moves = run.publication
    let publication = Publication(
      key: run.outlines.key, moves: moves, removed: OutputFolder.resultNames.filter { name in !moves.contains { $0.to == name } })
    try publication.begin(in: work)
    try publication.finish(in: work, to: output)
    return try complete(run)
  }

  /// What there is now, once all of it has its final name; the run folder goes.
  private func complete(_ run: RegistrationRun) throws -> RegistrationResult {
    let result = try run.publishedResult(in: output)
    if options.keepWork { try Publication.keep(in: work) } else { try? work.remove() }
    return result
  }
}
