// SPDX-License-Identifier: Apache-2.0

/// A volume cut into blocks: cores tile it exactly, each block reads its core and a halo clipped to the volume.
///
/// A collection of blocks in C order (last axis fastest). Blocks are computed when asked for: a grid costs O(rank) memory.
public struct BlockGrid: Hashable, Sendable {
  /// Voxels of the volume.
  public let extent: Extent
  /// Voxels of a core; the last blocks along an axis are smaller where the volume is no multiple of it.
  public let core: Extent
  /// Voxels read beyond the core on each side, before clipping to the volume.
  public let halo: Extent
  /// Blocks along each axis.
  public let shape: Extent

  /// A grid whose core is clipped to the volume, and whose halo follows from `overlap` and that core.
  ///
  /// - Precondition: `extent` and `core` have one rank, and no length of either is zero.
  public init(extent: Extent, core: Extent, overlap: Overlap) {
    let clipped = Extent(zip(extent.lengths, core.lengths).map { Swift.min($0, $1) })
    self.init(extent: extent, core: clipped, halo: overlap.halo(core: clipped))
  }

  /// A grid with the given core and halo.
  ///
  /// - Precondition: all have one rank, no length of `extent` or `core` is zero, and each halo is below its core.
  public init(extent: Extent, core: Extent, halo: Extent) {
    precondition(
      extent.rank == core.rank && core.rank == halo.rank, "extent, core and halo need one rank")
    precondition(extent.lengths.allSatisfy { $0 > 0 } && core.lengths.allSatisfy { $0 > 0 }, "a grid needs voxels along each axis")
    precondition(zip(halo.lengths, core.lengths).allSatisfy { $0 < $1 }, "a halo stays below its core")
    self.extent = extent
    self.core = core
    self.halo = halo
    shape = extent.dividedRoundingUp(by: core)
  }

  /// The number of axes.
  public var rank: Int { extent.rank }

  /// The block at `index` of the grid.
  public func block(at index: [Int]) -> Block {
    precondition(shape.box.contains(index), "block \(index) lies outside the grid of \(shape)")
    let start = zip(index, core.lengths).map(*)
    let coreBox = Box(lower: start, extent: core).intersection(extent.box)
    return Block(
      number: zip(index, shape.strides).map(*).reduce(0, +), index: index, core: coreBox,
      extended: coreBox.expanded(by: halo.lengths).intersection(extent.box))
  }

  /// The index of the block whose core owns `voxel`.
  public func owner(of voxel: [Int]) -> [Int] { zip(voxel, core.lengths).map(/) }

  /// The blocks whose extended boxes meet `box`, in C order; at most 3ᵈ for a core or less.
  public func blocks(meeting box: Box) -> [Block] {
    let clipped = box.intersection(extent.box)
    if clipped.isEmpty { return [] }
    let first = (0..<rank).map { Swift.max(0, clipped.lower[$0] - halo[$0]) / core[$0] }
    let last = (0..<rank).map { Swift.min(extent[$0] - 1, clipped.upper[$0] - 1 + halo[$0]) / core[$0] }
    return Box(lower: first, upper: last.map { $0 + 1 }).indices.map(block(at:)).filter { !$0.extended.intersection(clipped).isEmpty }
  }
}

extension BlockGrid: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { shape.count }

  /// The block with that number in C order.
  public subscript(number: Int) -> Block {
    var remainder = number
    let index = shape.strides.map { step in
      defer { remainder %= step }
      return remainder / step
    }
    return block(at: index)
  }
}
