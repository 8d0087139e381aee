// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
public import Grids

/// What a level of blocks coarser than full resolution found.
public struct LevelRecord: Sendable {
  /// Its spacing as a multiple of the fixed image's finest.
  public var scale: Int
  /// Mean-downsampling factors of the fixed image, z, y, x.
  public var factors: [Int]
  /// Its blocks, in voxels of the level.
  public var grid: BlockGrid
  /// One record a block, in the grid's order; lengths are voxels of the level.
  public var blocks: [BlockRecord]
  /// Control points that were smoothed because the displacement so far folded there.
  public var repairedControlPoints: Int
}

extension RegistrationRun {
  /// What the levels before the last found, coarsest first.
  func coarserRecords(_ journal: Journal) throws -> [LevelRecord] {
    try levels.dropLast().map { level in
      LevelRecord(
        scale: level.plan.scale, factors: level.plan.factors, grid: level.grid, blocks: try level.blocks(journal).records,
        repairedControlPoints: try level.mapStatistics(journal).repaired)
    }
  }
}
