// SPDX-License-Identifier: Apache-2.0

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

  /// How many blocks ended in each state.
  public var blockStates: [BlockRecord.State: Int] { Dictionary(grouping: blocks, by: \.state).mapValues(\.count) }

  /// Whether a block failed or folds: what `--strict` reports.
  public var isFlagged: Bool {
    (blocks + coarserLevels.flatMap(\.blocks)).contains { $0.state == .failed } || map.foldingPercent > 0
  }

  /// Mean local correlation over registered and no-gain blocks, before and after the fine stage; `nil` without such blocks.
  public var fineQuality: (before: Double, after: Double)? {
    let measured = blocks.filter { $0.metricBefore != nil && $0.metricAfter != nil }
    if measured.isEmpty { return nil }
    let count = Double(measured.count)
    return (measured.map { $0.metricBefore! }.reduce(0, +) / count, measured.map { $0.metricAfter! }.reduce(0, +) / count)
  }
}
