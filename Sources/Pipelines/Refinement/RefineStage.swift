// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Registration

extension LevelRun {
  /// Registers the chosen blocks again, one at a time: as they were planned but for what is asked for, and in other ways where that leaves doubt.
  func refineStage() throws -> Stage {
    guard let refinement = run.refinement else { preconditionFailure("only a refinement refines") }
    let coarse = try run.coarse()
    let options = refinement.options
    var settings = FineSettings(registration.options, options.metric == .auto ? coarse.metric : options.metric)
    settings.accuracy = options.accuracy ?? settings.accuracy
    settings.smoothing = options.smoothing
    settings.reach = try options.overlap.map { try reach($0, refinement.blocks) }
    // Nothing else has written there for these blocks: each attempt that is better takes the place of the one before.
    let fields = BlockFieldFiles(fine: blockFields.again, again: blockFields.again, lattice: lattice)
    let stage = FineStage(
      registration: registration, coarse: coarse, images: try images(), settings: settings, threads: registration.plan.threads,
      fields: fields)
    let earlier = try blocks(refinement.kept.journal).records
    let rescue = BlockRescue(grid, of: refinement.blocks.count, isStrict: registration.options.isStrict, attempt: .refined)
    return Stage(
      RegistrationRun.StageName.refine, tasks: .some(refinement.blocks), width: 1,
      rescue: { task, error in
        guard let outcome = rescue.outcome(task, error) else { return nil }
        return earlier[task].state == .failed ? outcome : try? keep(earlier[task], error.localizedDescription, fields).outcome(fields)
      }
    ) { task in
      let first = try stage.run(grid[task])
      let attempts = options.allowed(self.attempts(after: first))
      var record = try stage.run(first, again: attempts) ?? first
      if record.state == .failed, earlier[task].state != .failed {
        record = try keep(earlier[task], record.message ?? "no reason is known", fields)
      }
      record.attempt = .refined
      return try record.outcome(fields)
    }
  }

  /// A block as the run before left it, where refining it failed: an error tells nothing of the displacement that there is.
  private func keep(_ earlier: BlockRecord, _ reason: String, _ fields: BlockFieldFiles) throws -> BlockRecord {
    guard let kept = run.refinement?.kept else { preconditionFailure("only a refinement has earlier blocks") }
    registration.progress.report(.warning("block \(earlier.block.number) stays as it was: refining it failed (\(reason))"))
    var record = earlier
    record.attempt = .refined
    guard record.state == .registered else { return record }
    let found = BlockFieldFiles(
      fine: kept.folder.stage(RegistrationRun.StageName.fine), again: kept.folder.stage(RegistrationRun.StageName.retry), lattice: lattice)
    let target = fields.url(of: record.block, isAgain: true)
    if FileManager.default.fileExists(atPath: target.path) { try FileManager.default.removeItem(at: target) }
    try FileManager.default.linkOrCopy(found.url(of: record.block, isAgain: earlier.attempt != .planned), to: target)
    return record
  }

  /// How far around their cores blocks are read.
  ///
  /// - Throws: `PipelineError` where that is less than in the run, or more than fits the memory.
  private func reach(_ overlap: Overlap, _ blocks: [Int]) throws -> Extent {
    let reach = overlap.halo(core: grid.core)
    guard zip(reach.lengths, grid.halo.lengths).allSatisfy(>=) else {
      throw PipelineError(
        "--overlap \(overlap) is \(reach) voxels, and the blocks of the run overlap by \(grid.halo), over which they are blended",
        hint: "give a larger one, or none for that of the run")
    }
    var settings = FineSettings(registration.options, .lncc)
    settings.reach = reach
    let need = blocks.map { blockMemory(settings.box(of: grid[$0], in: grid)) }.max() ?? 0
    guard need <= registration.plan.widestBlock else {
      throw MemoryModel.tooLittle(
        registration.plan.memory, for: "a block with --overlap \(overlap)",
        of: registration.plan.memory.bytes - registration.plan.widestBlock + need)
    }
    return reach
  }
}
