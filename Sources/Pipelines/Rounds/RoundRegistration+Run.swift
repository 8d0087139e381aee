// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Volumes

extension RoundRegistration {
  /// Registers the rounds one after the other, each into a folder of its name, and lists those that are done in `rounds.json`.
  ///
  /// A round that fails keeps none of the others from being registered. What an interrupted run into the same folder did is kept: rounds that
  /// are done, and of the one under way its blocks.
  ///
  /// - Parameters:
  ///   - folder: the output folder, new or empty unless `options.overwrite` is set.
  ///   - roundDone: called after each round that was registered now.
  /// - Throws: `PipelineError` where the folder holds something else, lies inside an input, or an earlier start had other inputs or other
  ///   options; `RunError` where another run is at work there; `ChunkStoreError` where the disk is full; `CancellationError`; what
  ///   `roundDone` throws.
  public func run(
    into folder: String, roundDone: @Sendable (RoundSummary) async throws -> Void = { _ in }
  ) async throws -> RoundsResult {
    try await run(into: folder, isResuming: false, roundDone)
  }

  /// Goes on with rounds that were interrupted, wherever their folder lies by now.
  ///
  /// - Parameters:
  ///   - folder: the output folder.
  ///   - change: changes options that no result depends on: memory, threads, retries.
  ///   - roundDone: called after each round that was registered now.
  /// - Throws: `PipelineError` where there is nothing to go on with, or an input changed; else as `run(into:roundDone:)`.
  public static func resume(
    _ folder: String, progress: any ProgressReporter = SilentProgress(), change: (inout RegistrationOptions) -> Void = { _ in },
    roundDone: @Sendable (RoundSummary) async throws -> Void = { _ in }
  ) async throws -> RoundsResult {
    let (run, plan) = try RunFolder.planned(folder, as: RoundsPlanFile.self)
    var options = plan.options
    change(&options)
    let registration = try RoundRegistration(
      fixed: plan.fixed.opened(), moving: plan.rounds.map { try $0.moving.opened() }, names: plan.rounds.map(\.name), options: options,
      progress: progress)
    return try await registration.run(into: run.url.deletingLastPathComponent().path, isResuming: true, roundDone)
  }

  private func run(
    into folder: String, isResuming: Bool, _ roundDone: @Sendable (RoundSummary) async throws -> Void
  ) async throws -> RoundsResult {
    let output = try RoundsFolder(
      folder, inputs: fixed.places + rounds.flatMap(\.registration.moving.places), names: rounds.map(\.name), overwrite: options.overwrite)
    do {
      let lock = try RunLock(output.run)
      defer { withExtendedLifetime(lock) {} }
      let plan = try adoptedPlan(output, isResuming: isResuming)
      var failures: [RoundsResult.Failure] = []
      for (index, round) in plan.rounds.enumerated() {
        try Task.checkCancellation()
        let title = "\(round.name), round \(index + 1) of \(plan.rounds.count)"
        if plan.isDone(round, in: output.url) {
          progress.report(.note("\(title), is registered already"))
          continue
        }
        progress.report(.note("\(title): \(StoreLocation.split(round.moving.path).path)"))
        do {
          try await Execution.$whole.withValue(output.url.path) { try await register(round, plan, into: output.url) }
        } catch let error where error is CancellationError || error is RunDetached { throw error } catch let error as ChunkStoreError
          where error.isOfTheDisk
        {
          // The next round would meet it, too.
          throw error
        } catch {
          progress.report(.warning("\(title), is not registered: \(error.localizedDescription)"))
          failures.append(.init(name: round.name, error: error))
          continue
        }
        try plan.writeRecord(in: output.url)
        try await roundDone(RoundSummary(of: round.name, options.format, in: output.url))
      }
      try plan.writeRecord(in: output.url)
      return try finish(plan, failures, output)
    } catch {
      throw OutputFolder.explained(error, in: output.url)
    }
  }

  /// Opens the pair anew, so that what an image that is loaded whole takes is free again before the next round.
  private func register(_ round: RoundsPlanFile.Round, _ plan: RoundsPlanFile, into folder: URL) async throws {
    let pair = try ChunkedRegistration(fixed: plan.fixed.opened(), moving: round.moving.opened(), options: options, progress: progress)
    _ = try await pair.run(into: folder.appendingPathComponent(round.name).path)
  }

  /// What was found; the run folder goes where all is done, or nothing is.
  private func finish(_ plan: RoundsPlanFile, _ failures: [RoundsResult.Failure], _ output: RoundsFolder) throws -> RoundsResult {
    let done = plan.rounds.filter { plan.isDone($0, in: output.url) }
    let isWorthNothing = done.isEmpty && !plan.rounds.contains { RunHandle.isBegun(output.url.appendingPathComponent($0.name).path) }
    if failures.isEmpty || isWorthNothing { output.abandon() }
    return RoundsResult(
      folder: output.url.path, rounds: try done.map { try RoundSummary(of: $0.name, options.format, in: output.url) }, failures: failures)
  }

  /// The plan, with what an earlier start did where that is gone on with.
  ///
  /// - Throws: `PipelineError` where that had other inputs, or rounds that are done had other options.
  private func adoptedPlan(_ output: RoundsFolder, isResuming: Bool) throws -> RoundsPlanFile {
    var plan = try RoundsPlanFile(self, in: output.url)
    let earlier = try RoundsPlanFile.adopted(
      from: output.run, output: output.url.path, overwrite: options.overwrite && !isResuming, progress: progress,
      difference: plan.difference(from:))
    if let earlier {
      let done = earlier.rounds.filter { earlier.isDone($0, in: output.url) }.map(\.name)
      let changes = plan.changes(from: earlier)
      if changes.isEmpty || done.isEmpty {
        for index in plan.rounds.indices { plan.rounds[index].earlier = earlier.rounds[index].earlier }
      } else if !options.overwrite {
        throw PipelineError(
          "in \(output.url.path) \(done.joined(separator: ", ")) \(done.count == 1 ? "was" : "were") registered with other options: "
            + changes.joined(separator: "; "),
          hint: "give the options as they were, --overwrite to register all rounds again, or another --output")
      }
    }
    try plan.write(to: output.run)
    return plan
  }
}

/// What became of several rounds.
public struct RoundsResult: Sendable {
  /// A round that is not registered.
  public struct Failure: Sendable {
    /// What it is called.
    public let name: String
    /// What is wrong.
    public let error: any Error
  }

  /// The output folder.
  public let folder: String
  /// The rounds that are registered, in the order they were given.
  public let rounds: [RoundSummary]
  /// Those that are not.
  public let failures: [Failure]

  /// Whether a round is flagged.
  public var isFlagged: Bool { rounds.contains(where: \.isFlagged) }
  /// Whether the folder keeps what is needed to go on.
  public var canResume: Bool { RunHandle.isBegun(folder) }
}
