// SPDX-License-Identifier: Apache-2.0

import Grids
import Pipelines
import Testing

struct VerdictTests {
  private static let block = BlockGrid(extent: [8, 8, 8], core: [8, 8, 8], halo: [0, 0, 0])[0]

  private func record(_ state: BlockRecord.State, _ change: (inout BlockRecord, inout BlockQuality) -> Void = { _, _ in }) -> BlockRecord {
    var record = BlockRecord(Self.block, state, message: state == .failed ? "too dark" : nil)
    guard state == .registered || state == .noGain else { return record }
    var quality = BlockQuality(tissuePercent: 80)
    (quality.residual, quality.evidencePercent, quality.disagreement) = (0.3, 90, 0.1)
    change(&record, &quality)
    record.quality = quality
    return record
  }

  @Test func whatIsMeasuredDecides() {
    let cases: [(BlockRecord, Verdict, String)] = [
      (record(.registered), .good, ""),
      // Nothing to gain where the coarse map fits already.
      (record(.noGain), .good, ""),
      (record(.failed), .failed, "too dark"), (record(.background), .background, "tissue"), (record(.outside), .outside, "outside"),
      (record(.registered) { $1.residual = 2.4 }, .weak, "2.4 voxels off"),
      (record(.noGain) { $1.residual = 2.4 }, .noGain, "2.4 voxels off"),
      (record(.registered) { $1.evidencePercent = 12 }, .weak, "12 %"),
      (record(.registered) { ($1.residual, $1.evidencePercent) = (nil, 0) }, .weak, "too little"),
      (record(.registered) { $1.disagreement = 7 }, .jump, "7 voxels from a neighbour"),
      (record(.registered) { $1.foldingPercent = 0.5 }, .folded, "0.5 %"),
      (record(.registered) { $1.tissuePercent = 0.1 }, .background, "core"),
      (record(.registered) { $1.message = "a.zarr/0/c/0 is gone" }, .weak, "a.zarr/0/c/0 is gone"),
    ]
    for (record, verdict, reason) in cases {
      #expect(record.verdict == verdict && record.reason.contains(reason), "\(record.verdict): \(record.reason)")
      #expect(verdict == .good || !record.reason.isEmpty)
    }
  }

  @Test func thresholdsAreSettable() {
    var loose = VerdictThresholds()
    (loose.residual, loose.disagreement, loose.folding) = (3, 10, 1)
    var flagged = record(.registered) { ($1.residual, $1.disagreement, $1.foldingPercent) = (2.4, 7, 0.5) }
    #expect(flagged.verdict.isFlagged)
    flagged.thresholds = loose
    #expect(flagged.verdict == .good)
  }
}
