// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Registration
internal import Synchronization
internal import Volumes

extension LevelRun {
  private typealias StageName = RegistrationRun.StageName

  /// The blocks' own fields: of the fine stage, and of blocks run again with a wider halo.
  var blockFields: BlockFieldFiles {
    BlockFieldFiles(
      fine: run.folder.stage(plan.name(StageName.fine)), wide: run.folder.stage(plan.name(StageName.widen)), lattice: lattice)
  }

  /// Registers each block.
  func fineStage() throws -> Stage {
    let stage = FineStage(
      registration: registration, coarse: try run.coarse(), images: try images(), threads: plan.threadsPerBlock, fields: blockFields,
      isWide: false)
    return Stage(
      plan.name(StageName.fine), tasks: .all(grid.count), width: plan.blocksAtOnce,
      rescue: BlockRescue(grid, isStrict: registration.options.isStrict).outcome
    ) { task in try stage.run(grid[task]).outcome(blockFields) }
  }

  /// Registers those blocks again, one at a time, whose displacement passes half their halo, as far as the memory allows.
  func widenStage(_ journal: Journal) throws -> Stage {
    let records = try self.records(of: plan.name(StageName.fine), journal)
    let imageVoxels = max(registration.fixedPyramid.finest.extent.count, registration.movingPyramid.finest.extent.count)
    let narrow = records.filter { record in
      let wide = record.block.extended.expanded(by: grid.halo.lengths).intersection(grid.extent.box)
      return record.passesHalfHalo && wide != record.block.extended
        && MemoryModel.block(voxels: wide.count, isAveraged: !isFull, imageVoxels: imageVoxels) <= registration.plan.widestBlock
    }
    let stage = FineStage(
      registration: registration, coarse: try run.coarse(), images: try images(), threads: registration.plan.threads, fields: blockFields,
      isWide: true)
    return Stage(
      plan.name(StageName.widen), tasks: .some(narrow.map(\.block.number)), width: 1,
      rescue: { task, error in error is BlockFieldFiles.WriteFailure ? nil : TaskOutcome(state: "kept") }
    ) { task in
      let first = records[task]
      let again = try stage.run(first.block, widening: 1)
      guard let after = again.metricAfter, let before = first.metricAfter, after >= before else { return TaskOutcome(state: "kept") }
      return try again.outcome(blockFields)
    }
  }

  /// What became of the blocks, wider runs in place of narrower ones where they were better.
  func blocks(_ journal: Journal) throws -> BlockRegistrations {
    if case .image(_, let blocks?) = run.part { return blocks }
    var records = try records(of: plan.name(StageName.fine), journal)
    for (task, entry) in journal.entries(of: plan.name(StageName.widen)) where entry.outcome.result != nil {
      records[task] = try BlockRecord(grid[task], entry.outcome)
    }
    return BlockRegistrations(records: records, store: blockFields)
  }

  private func records(of stage: String, _ journal: Journal) throws -> [BlockRecord] {
    let entries = journal.entries(of: stage)
    return try grid.map { block in
      guard let outcome = entries[block.number]?.outcome else {
        throw PipelineError("block \(block.number) of the stage `\(stage)` is not done", hint: "run it first: `weft resume`")
      }
      return try BlockRecord(block, outcome)
    }
  }
}

/// What stands in for a block that keeps failing: no displacement, and a row that says why. Where a part of the blocks fails, the fault is
/// not theirs.
private final class BlockRescue: Sendable {
  private let failures = Mutex<Int>(0)
  private let most: Int
  private let grid: BlockGrid
  private let isStrict: Bool

  init(_ grid: BlockGrid, isStrict: Bool) {
    self.grid = grid
    self.isStrict = isStrict
    most = max(1, grid.count / 10)
  }

  @Sendable func outcome(_ task: Int, _ error: any Error) -> TaskOutcome? {
    if error is BlockFieldFiles.WriteFailure || isStrict { return nil }
    let count = failures.withLock {
      $0 += 1
      return $0
    }
    guard count <= most else { return nil }
    return try? BlockRecord(grid[task], .failed, message: error.localizedDescription).outcome()
  }
}

extension BlockRecord {
  /// The numbers of a record, as the ledger keeps them.
  private struct Measures: Codable {
    var metricBefore: Double?
    var metricAfter: Double?
    var minimumJacobian: Double?
    var foldingPercent: Double?
    var largestDisplacement: Double?
    var validPercent: Double?
    var widened: Bool
    var passesHalfHalo: Bool
    var message: String?
  }

  /// The record as the outcome of a task.
  func outcome(files: [String: Int]? = nil) throws -> TaskOutcome {
    let measures = Measures(
      metricBefore: metricBefore, metricAfter: metricAfter, minimumJacobian: minimumJacobian, foldingPercent: foldingPercent,
      largestDisplacement: largestDisplacement, validPercent: validPercent, widened: widened,
      passesHalfHalo: passesHalfHalo, message: message)
    return TaskOutcome(
      state: state.rawValue, result: String(decoding: try RunFolder.encoder.encode(measures), as: UTF8.self), files: files)
  }

  /// The same, with the file of the block's field where it has one.
  func outcome(_ fields: BlockFieldFiles) throws -> TaskOutcome {
    guard state == .registered else { return try outcome() }
    return try outcome(files: [fields.name(of: block): fields.byteCount(of: block)])
  }

  /// The record of a task that is done.
  init(_ block: Block, _ outcome: TaskOutcome) throws {
    guard let state = outcome.state.flatMap(State.init), let text = outcome.result else {
      throw PipelineError("the ledger has no record of block \(block.number)", hint: "remove the work folder and run again")
    }
    let measures = try RunFolder.decoder.decode(Measures.self, from: Data(text.utf8))
    self.init(block, state, message: measures.message)
    (metricBefore, metricAfter) = (measures.metricBefore, measures.metricAfter)
    (minimumJacobian, foldingPercent) = (measures.minimumJacobian, measures.foldingPercent)
    (largestDisplacement, validPercent) = (measures.largestDisplacement, measures.validPercent)
    (widened, passesHalfHalo) = (measures.widened, measures.passesHalfHalo)
  }
}
