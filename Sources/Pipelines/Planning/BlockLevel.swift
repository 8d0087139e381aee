// SPDX-License-Identifier: Apache-2.0

public import Grids

/// A level of the cascade: the blocks of the fine stage at one resolution.
public struct BlockLevel: Sendable {
  /// Its spacing as a multiple of the fixed image's finest; 1 at full resolution.
  public let scale: Int
  /// Mean-downsampling factors of the fixed image, z, y, x.
  public let factors: [Int]
  /// Its blocks, in voxels of the level.
  public let grid: BlockGrid
  /// Blocks that run at once.
  public let blocksAtOnce: Int
  /// Threads of each block.
  public let threadsPerBlock: Int
  /// The memory that a block takes, in bytes.
  let blockBytes: Int

  /// Whether it is the last one, at full resolution.
  public var isFull: Bool { scale == 1 }

  /// The name of a stage of this level: that of the stage at full resolution, and else the scale, too.
  func name(_ stage: String) -> String { isFull ? stage : "\(stage)-\(scale)" }
}
