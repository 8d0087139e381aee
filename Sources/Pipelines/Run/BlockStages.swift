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
      fine: run.folder(of: plan.name(StageName.fine)),
      again: run.refinement == nil ? run.folder.stage(plan.name(StageName.retry)) : run.folder.stage(StageName.refine), lattice: lattice)
  }

  /// Registers each block.
  func fineStage() throws -> Stage {
    let stage = try fineStage(threads: plan.threadsPerBlock)
    return Stage(
      plan.name(StageName.fine), tasks: .all(grid.count), width: plan.blocksAtOnce,
      rescue: BlockRescue(grid, of: grid.count, isStrict: registration.options.isStrict).outcome
    ) { task in try stage.run(grid[task]).outcome(blockFields) }
  }

  private func fineStage(threads: Int) throws -> FineStage {
    let coarse = try run.coarse()
    return FineStage(
      registration: registration, coarse: coarse, images: try images(), settings: FineSettings(registration.options, coarse.metric),
      threads: threads, fields: blockFields)
  }

  /// Whether a block can be run with a wider halo: there is more to see, and the memory allows it.
  private func canWiden(_ block: Block) -> Bool {
    let wide = grid.widened(block)
    return wide != block.extended && blockMemory(wide) <= registration.plan.widestBlock
  }

  /// The memory that it takes to register a block by what is in a box, in bytes.
  func blockMemory(_ box: Box) -> Int {
    let imageVoxels = max(registration.fixedPyramid.finest.extent.count, registration.movingPyramid.finest.extent.count)
    return MemoryModel.block(voxels: box.count, isAveraged: !isFull, imageVoxels: imageVoxels)
  }

  /// What a block that passes half its halo is worth.
  private func wider(_ block: Block) -> [FineAttempt] { canWiden(block) ? [.widerHalo] : [] }

  /// The attempts at a block that its planned one left in doubt, or whose displacement passes half its halo.
  func attempts(after record: BlockRecord) -> [FineAttempt] {
    if record.isDoubtful(registration.options.thresholds) { return wider(record.block) + [.smoother, .otherMetric] }
    return record.passesHalfHalo ? wider(record.block) : []
  }

  /// Registers blocks again, one at a time: those whose displacement passes half their halo, as far as the memory allows, and those whose
  /// own displacement leaves doubt.
  func retryStage(_ journal: Journal) throws -> Stage {
    let records = try self.records(of: plan.name(StageName.fine), journal)
    let thresholds = registration.options.thresholds
    // Where many blocks leave doubt it is not theirs to be mended: those that lie farthest off are tried.
    let doubtful = records.filter { $0.isDoubtful(thresholds) }
      .sorted { ($0.fit?.residual ?? 0, $1.block.number) > ($1.fit?.residual ?? 0, $0.block.number) }
      .prefix(max(4, grid.count / 10))
    var attempts: [Int: [FineAttempt]] = [:]
    for record in records where record.passesHalfHalo && canWiden(record.block) { attempts[record.block.number] = wider(record.block) }
    for record in doubtful { attempts[record.block.number] = self.attempts(after: record) }
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
    for (task, entry) in run.entries(of: plan.name(StageName.retry), journal) where entry.outcome.result != nil {
      records[task] = try BlockRecord(grid[task], entry.outcome)
    }
    return BlockRegistrations(records: records, store: blockFields)
  }

  private func records(of stage: String, _ journal: Journal) throws -> [BlockRecord] {
    let entries = run.entries(of: stage, journal)
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
final class BlockRescue: Sendable {
  private let failures = Mutex<Int>(0)
  private let most: Int
  private let grid: BlockGrid
  private let isStrict: Bool
  private let attempt: FineAttempt

  /// - Parameter count: how many blocks are registered.
  init(_ grid: BlockGrid, of count: Int, isStrict: Bool, attempt: FineAttempt = .planned) {
    self.grid = grid
    self.isStrict = isStrict
    self.attempt = attempt
    most = max(1, count / 10)
  }

  @Sendable func outcome(_ task: Int, _ error: any Error) -> TaskOutcome? {
    if error is BlockFieldFiles.WriteFailure || isStrict { return nil }
    let count = failures.withLock {
      $0 += 1
      return $0
    }
    guard count <= most else { return nil }
    var record = BlockRecord(grid[task], .failed, message: error.localizedDescription)
    record.attempt = attempt
    return try? record.outcome()
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
