// SPDX-License-Identifier: Apache-2.0

import Grids
import TestSupport
import Testing

struct BlockGridTests {
  @Test func goldenGridOfAWholeSlide() {
    let grid = BlockGrid(extent: [48320, 63993], core: [2048, 2048], overlap: .voxels(60))
    #expect(grid.shape == [24, 32])
    #expect(grid.block(at: [1, 0]).extended == Box(lower: [1988, 0], upper: [4156, 2108]))
    #expect(grid.block(at: [23, 31]).core == Box(lower: [47104, 63488], upper: [48320, 63993]))
  }

  static func randomGrid(seed: UInt64) -> BlockGrid {
    var random = SeededGenerator(seed: seed)
    let rank = Int(seed % 5) + 1
    let longest = [400, 60, 24, 9, 6][rank - 1]
    let extent = Extent((0..<rank).map { _ in Int.random(in: 1...longest, using: &random) })
    let core = Extent((0..<rank).map { _ in Int.random(in: 1...longest, using: &random) })
    let overlap: Overlap =
      Bool.random(using: &random)
      ? .fraction(Double.random(in: 0..<1, using: &random)) : .voxels(Int.random(in: 0...longest, using: &random))
    return BlockGrid(extent: extent, core: core, overlap: overlap)
  }

  @Test(arguments: 0..<60) func coresTileTheVolumeAndEveryVoxelHasOneOwner(seed: UInt64) {
    let grid = Self.randomGrid(seed: seed)
    var owners = [Int](repeating: -1, count: grid.extent.count)
    let strides = grid.extent.strides
    for block in grid {
      for voxel in block.core.indices {
        let offset = zip(voxel, strides).map(*).reduce(0, +)
        #expect(owners[offset] == -1)
        owners[offset] = block.number
      }
    }
    #expect(!owners.contains(-1))
    for voxel in grid.extent.box.indices.prefix(200) {
      #expect(grid.block(at: grid.owner(of: voxel)).core.contains(voxel))
    }
  }

  @Test(arguments: 0..<60) func extendedIsCoreAndHaloClipped(seed: UInt64) {
    let grid = Self.randomGrid(seed: seed)
    for (number, block) in grid.enumerated() {
      #expect(block.number == number)
      #expect(block.extended == block.core.expanded(by: grid.halo.lengths).intersection(grid.extent.box))
      #expect(block.coreWithinExtended.extent == block.core.extent)
      let halo = block.halo
      for axis in 0..<grid.rank {
        #expect(halo.below[axis] <= grid.halo[axis] && halo.above[axis] <= grid.halo[axis])
        #expect(grid.halo[axis] < grid.core[axis])
      }
    }
  }

  @Test(arguments: 0..<60) func blocksMeetingABoxAreThoseWhoseExtendedBoxDoes(seed: UInt64) {
    let grid = Self.randomGrid(seed: seed)
    var random = SeededGenerator(seed: seed + 1000)
    let lower = grid.extent.lengths.map { Int.random(in: 0..<$0, using: &random) }
    let box = Box(lower: lower, upper: zip(lower, grid.extent.lengths).map { Int.random(in: $0 + 1...$1, using: &random) })
    let expected = grid.filter { !$0.extended.intersection(box).isEmpty }
    #expect(grid.blocks(meeting: box) == expected)
    if grid.block(at: grid.owner(of: lower)).core.contains(box) {
      #expect(expected.count <= Array(repeating: 3, count: grid.rank).reduce(1, *))
    }
  }

  @Test func overlapIsReadFromText() {
    #expect(Overlap("0.15") == .fraction(0.15))
    #expect(Overlap("38vx") == .voxels(38))
    for wrong in ["1", "1.5", "-0.1", "-3vx", "3.5vx", "", "vx", "abc", "nan"] { #expect(Overlap(wrong) == nil) }
  }

  @Test func haloIsZeroOnOneVoxelAxes() {
    #expect(Overlap.fraction(0.5).halo(core: [1, 2, 100]) == [0, 1, 50])
    #expect(Overlap.voxels(500).halo(core: [1, 2, 100]) == [0, 1, 99])
  }
}
