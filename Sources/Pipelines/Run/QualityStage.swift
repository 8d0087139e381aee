// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids

extension LevelRun {
  /// Measures how well each block fits in the end: one task a block with a displacement, or without one for want of gain.
  func qualityStage(_ journal: Journal) throws -> Stage {
    let blocks = try blocks(journal)
    let coarse = try run.coarse()
    var images = try images()
    images.start = try finalField()
    let disagreement = NeighbourDisagreement(
      blender: blender(blocks), tissue: coarse.foreground, space: space,
      registered: Set(blocks.records.filter { $0.state == .registered }.map(\.block.number)))
    // Probes are smaller than blocks: more of them fit.
    let available = plan.blocksAtOnce * plan.blockBytes
    let width = MemoryModel.boxesAtOnce(
      of: MemoryModel.probe(grid: grid), threads: registration.plan.threads, available: available)
    let inspector = QualityInspector(
      images: images, coarse: coarse, map: try inspector(images.start), threads: width == 1 ? registration.plan.threads : 1)
    let affected = try affectedBlocks()
    let measured = blocks.records.filter { ($0.state == .registered || $0.state == .noGain) && affected($0.block) }.map(\.block.number)
    return Stage(
      RegistrationRun.StageName.quality, tasks: .some(measured), width: width,
      rescue: { [isStrict = registration.options.isStrict] _, error in
        // What cannot be read is told of in the block's row.
        if isStrict || error is DamagedOutput { return nil }
        var quality = BlockQuality(tissuePercent: 100)
        quality.message = error.localizedDescription
        return try? quality.outcome()
      }
    ) { [grid] task in
      let block = grid[task]
      var quality = try inspector.quality(of: block.core)
      quality.disagreement = try disagreement.median(of: block)
      return try quality.outcome()
    }
  }

  /// The blocks with what was measured of them, and what to think of it.
  func judged(_ records: [BlockRecord], _ journal: Journal) throws -> [BlockRecord] {
    let entries = run.entries(of: RegistrationRun.StageName.quality, journal)
    return try records.map { record in
      var record = record
      record.quality = try entries[record.block.number]?.outcome.result.map { text in
        try RunFolder.decoder.decode(BlockQuality.self, from: Data(text.utf8))
      }
      record.thresholds = registration.options.thresholds
      return record
    }
  }
}

extension BlockQuality {
  fileprivate func outcome() throws -> TaskOutcome {
    TaskOutcome(result: String(decoding: try RunFolder.encoder.encode(self), as: UTF8.self))
  }
}
