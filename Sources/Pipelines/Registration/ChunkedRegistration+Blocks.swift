// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Synchronization
internal import Transforms

/// What the fine stage found, block by block.
public struct BlockRegistrations: Sendable {
  /// One record a block, in the grid's order.
  public var records: [BlockRecord]
  /// Seconds each block took, in the grid's order.
  public var seconds: [Double]
  /// The folder of the blocks' own fields.
  let store: BlockFieldFile
}

extension ChunkedRegistration {
  /// Registers every block and stores its field under `folder` (a temporary folder unless given).
  ///
  /// - Throws: errors of reading; a block whose registration fails is recorded, and displaces nothing.
  public func registerBlocks(_ coarse: CoarseRegistration, in folder: String? = nil) async throws -> BlockRegistrations {
    let url =
      folder.map { URL(fileURLWithPath: $0) }
      ?? FileManager.default.temporaryDirectory.appendingPathComponent("weft-fields-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let lattice = SplineLattice(extent: grid.extent, stride: plan.fieldStride)
    let store = BlockFieldFile(folder: url, lattice: lattice)
    let stage = FineStage(registration: self, coarse: coarse, lattice: lattice, store: store, threads: plan.threadsPerBlock)
    let results = Results(grid.map { BlockRecord($0, .background) })
    try await BlockRunner(width: plan.blocksAtOnce, progress: progress).run("fine", over: grid, count: grid.count) { block in
      let start = ContinuousClock.now
      let record = try stage.run(block)
      results.set(record, seconds: start.secondsUntilNow)
    }
    try await widen(stage, results)
    return results.state.withLock { BlockRegistrations(records: $0.records, seconds: $0.seconds, store: store) }
  }

  /// Runs those blocks again, one at a time, whose displacement passes half their halo, as far as the memory allows.
  private func widen(_ stage: FineStage, _ results: Results) async throws {
    let halo = grid.halo.lengths
    let records = results.state.withLock { $0.records }
    let narrow = records.filter { FineStage.needsWiderHalo($0, halo: halo) }
    let available = plan.memory.bytes - MemoryModel.base
    let fitting = narrow.filter { record in
      let wide = record.block.extended.expanded(by: halo).intersection(grid.extent.box)
      return wide != record.block.extended && MemoryModel.fineBlock(voxels: wide.count) <= available
    }
    if fitting.isEmpty { return }
    var wider = stage
    wider.threads = plan.threads
    let runner = BlockRunner(width: 1, progress: progress)
    try await runner.run("fine, wider halo", over: fitting, count: fitting.count) { [wider] record in
      let start = ContinuousClock.now
      let again = try wider.run(record.block, widening: 1)
      if let after = again.metricAfter, let first = record.metricAfter, after >= first {
        results.set(again, seconds: start.secondsUntilNow)
      } else {
        // The narrower one was better: its field again.
        results.set(try wider.run(record.block), seconds: start.secondsUntilNow)
      }
    }
  }

  private final class Results: Sendable {
    let state: Mutex<(records: [BlockRecord], seconds: [Double])>

    init(_ records: [BlockRecord]) { state = Mutex((records, [Double](repeating: 0, count: records.count))) }

    func set(_ record: BlockRecord, seconds: Double) {
      state.withLock {
        $0.records[record.block.number] = record
        $0.seconds[record.block.number] += seconds
      }
    }
  }
}

extension ContinuousClock.Instant {
  /// Seconds from this instant to now.
  var secondsUntilNow: Double { (ContinuousClock.now - self) / .seconds(1) }
}
