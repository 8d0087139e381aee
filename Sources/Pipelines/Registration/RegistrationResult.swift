// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What a finished registration left behind.
public struct RegistrationResult: Sendable {
  /// The output folder.
  public var folder: String
  /// The registered image.
  public var registered: String
  /// What the coarse stage found.
  public var coarse: CoarseRegistration
  /// One record a block of full resolution; empty where the fine stage did not run.
  public var blocks: [BlockRecord]
  /// What levels of blocks between the coarse stage and full resolution found, coarsest first; empty where there are none.
  public var coarserLevels: [LevelRecord]
  /// How the whole map behaves.
  public var map: MapStatistics
  /// Control points that were smoothed because the blended field folded there.
  public var repairedControlPoints: Int
  /// Whether the blocks' own fields are kept, so that some of them can be refined.
  public var keepsBlocks = false

  /// How many blocks ended in each state.
  public var blockStates: [BlockRecord.State: Int] { Dictionary(grouping: blocks, by: \.state).mapValues(\.count) }

  /// How many blocks of full resolution got each verdict.
  public var verdicts: [Verdict: Int] { Dictionary(grouping: blocks, by: \.verdict).mapValues(\.count) }

  /// Whether a block is flagged, the map folds, or next to nothing of the moving image is shown: what `--strict` reports.
  public var isFlagged: Bool {
    blocks.contains { $0.verdict.isFlagged } || coarserLevels.contains { $0.blocks.contains { $0.state == .failed } }
      || map.isFlagged
  }

  /// What to be told where the moving image covers less of the region than a block needs to be registered; `nil` elsewhere.
  var overlapWarning: String? {
    if map.insidePercent == 0 {
      return "the registered image is empty: nothing of the moving image lies in the fixed image's region (start: \(coarse.start))"
    }
    guard map.coversTooLittle else { return nil }
    return "the moving image covers \(String(format: "%.2g", map.insidePercent)) % of the fixed image's region, too little to know "
      + "whether it lies where it belongs: look at the result, or choose a --region of FIXED around that place"
  }

  /// Mean local correlation (with mutual information: normalised mutual information) over registered and no-gain blocks, before and after the fine stage; `nil` without such blocks.
  public var fineQuality: (before: Double, after: Double)? {
    let measured = blocks.filter { $0.metricBefore != nil && $0.metricAfter != nil }
    if measured.isEmpty { return nil }
    let count = Double(measured.count)
    return (measured.map { $0.metricBefore! }.reduce(0, +) / count, measured.map { $0.metricAfter! }.reduce(0, +) / count)
  }
}
