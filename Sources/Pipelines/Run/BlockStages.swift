// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Registration
internal import Synchronization
internal import Volumes

extension LevelRun {
  private typealias StageName = RegistrationRun.StageName

  /// The blocks' own fields: of the fine stage, and of other attempts.
  var blockFields: BlockFieldFiles {
    BlockFieldFiles(
      fine: run.folder.stage(plan.name(StageName.fine)), again: run.folder.stage(plan.name(StageName.retry)), lattice: lattice)
  }

  /// Registers each block.
  func fineStage() throws -> Stage {
    let stage = try fineStage(threads: plan.threadsPerBlock)
    return Stage(
      plan.name(StageName.fine), tasks: .all(grid.count), width: plan.blocksAtOnce,
      rescue: BlockRescue(grid, isStrict: registration.options.isStrict).outcome
    ) { task in try stage.run(grid[task]).outcome(blockFields) }
  }

  private func fineStage(threads: Int) throws -> FineStage {
    FineStage(registration: registration, coarse: try run.coarse(), images: try images(), threads: threads, fields: blockFields)
  }

  /// Registers blocks again, one at a time: those whose displacement passes half their halo, as far as the memory allows, and those whose
  /// own displacement leaves doubt.
  func retryStage(_ journal: Journal) throws -> Stage {
    let records = try self.records(of: plan.name(StageName.fine), journal)
    let imageVoxels = max(registration.fixedPyramid.finest.extent.count, registration.movingPyramid.finest.extent.count)
    func canWiden(_ block: Block) -> Bool {
      let wide = grid.widened(block)
      return wide != block.extended
        && MemoryModel.block(voxels: wide.count, isAveraged: !isFull, imageVoxels: imageVoxels) <= registration.plan.widestBlock
    }
    let thresholds = registration.options.thresholds
    // Where many blocks leave doubt it is not theirs to be mended: those that lie farthest off are tried.
    let doubtful = records.filter { $0.isDoubtful(thresholds) }
      .sorted { ($0.fit?.residual ?? 0, $1.block.number) > ($1.fit?.residual ?? 0, $0.block.number) }
      .prefix(max(4, grid.count / 10))
    var attempts: [Int: [FineAttempt]] = [:]
    for record in records where record.passesHalfHalo && canWiden(record.block) { attempts[record.block.number] = [.widerHalo] }
    for record in doubtful {
      attempts[record.block.number] = (canWiden(record.block) ? [.widerHalo] : []) + [.smoother, .otherMetric]
    }
    let stage = try fineStage(threads: registration.plan.threads)
    return Stage(
      plan.name(StageName.retry), tasks: .some(attempts.keys.sorted()), width: 1,
      rescue: { task, error in error is BlockFieldFiles.WriteFailure ? nil : TaskOutcome(state: "kept") }
    ) { [attempts] task in
      guard let better = try stage.run(records[task], again: attempts[task]!) else { return TaskOutcome(state: "kept") }
      return try better.outcome(blockFields)
    }
  }

  /// What became of the blocks, other attempts in place of the planned one where they were better.
  func blocks(_ journal: Journal) throws -> BlockRegistrations {
    if case .image(_, let blocks?) = run.part { return blocks }
    var records = try records(of: plan.name(StageName.fine), journal)
    for (task, entry) in journal.entries(of: plan.name(StageName.retry)) where entry.outcome.result != nil {
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
    var attempt: FineAttempt
    var fit: Fit?
    var passesHalfHalo: Bool
    var message: String?
  }

  /// The record as the outcome of a task.
  func outcome(files: [String: Int]? = nil) throws -> TaskOutcome {
    let measures = Measures(
      metricBefore: metricBefore, metricAfter: metricAfter, minimumJacobian: minimumJacobian, foldingPercent: foldingPercent,
      largestDisplacement: largestDisplacement, validPercent: validPercent, attempt: attempt,
      fit: fit, passesHalfHalo: passesHalfHalo, message: message)
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
    (attempt, fit, passesHalfHalo) = (measures.attempt, measures.fit, measures.passesHalfHalo)
  }
}
