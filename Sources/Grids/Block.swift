// SPDX-License-Identifier: Apache-2.0

/// One unit of work of a grid.
public struct Block: Hashable, Sendable {
  /// The place in the grid's C order.
  public let number: Int
  /// The place along each axis of the grid.
  public let index: [Int]
  /// The voxels this block owns and writes.
  public let core: Box
  /// The voxels this block reads: core and halo, clipped to the volume.
  public let extended: Box

  /// A block of a grid.
  public init(number: Int, index: [Int], core: Box, extended: Box) {
    self.number = number
    self.index = index
    self.core = core
    self.extended = extended
  }

  /// Voxels read beyond the core, below and above it along each axis, after clipping.
  public var halo: (below: [Int], above: [Int]) {
    (zip(core.lower, extended.lower).map(-), zip(extended.upper, core.upper).map(-))
  }

  /// The core as seen from the first voxel of the extended box.
  public var coreWithinExtended: Box { core.relative(to: extended.lower) }
}
