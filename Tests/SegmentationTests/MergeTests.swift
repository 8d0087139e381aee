// SPDX-License-Identifier: Apache-2.0

import Grids
import Segmentation
import TestSupport
import Testing
import Volumes

struct MergeTests {
  /// Random lattices and tilings of 2 and 3 axes: ragged, of one voxel along an axis, with halos from 0 up.
  static func grids(_ count: Int, rank: Int, least: Int = 1, _ random: inout SeededGenerator) -> [BlockGrid] {
    (0..<count).map { _ in
      let side = rank == 2 ? 20...90 : 10...34
      let extent = Extent((0..<rank).map { _ in Int.random(in: side, using: &random) })
      let core = Extent(extent.lengths.map { Int.random(in: least...max(least, $0), using: &random) })
      let halo = Extent(core.lengths.map { Int.random(in: 0..<$0, using: &random) })
      return BlockGrid(extent: extent, core: core, halo: halo)
    }
  }

  /// Face-connected components by flooding.
  static func components(_ mask: VoxelBuffer<UInt8>) -> VoxelBuffer<UInt32> {
    var labels = VoxelBuffer<UInt32>(extent: mask.extent)
    let strides = mask.extent.strides
    var count = UInt32(0)
    for (start, index) in mask.extent.box.indices.enumerated() where mask.elements[start] != 0 && labels.elements[start] == 0 {
      count += 1
      var waiting = [(start, index)]
      labels.elements[start] = count
      while let (at, index) = waiting.popLast() {
        for axis in 0..<mask.extent.rank {
          for step in [-1, 1] where (0..<mask.extent[axis]).contains(index[axis] + step) {
            let next = at + step * strides[axis]
            guard mask.elements[next] != 0, labels.elements[next] == 0 else { continue }
            labels.elements[next] = count
            var moved = index
            moved[axis] += step
            waiting.append((next, moved))
          }
        }
      }
    }
    return labels
  }

  @Test(arguments: [2, 3], 0..<12)
  func componentsOfTilesAreThoseOfTheWhole(rank: Int, seed: UInt64) throws {
    var random = SeededGenerator(seed: 100 * UInt64(rank) + seed)
    for grid in Self.grids(2, rank: rank, &random) where grid.count < 4000 {
      let density = Double.random(in: 0.3...0.7, using: &random)
      var mask = VoxelBuffer<UInt8>(extent: grid.extent)
      for i in mask.elements.indices { mask.elements[i] = Double.random(in: 0..<1, using: &random) < density ? 1 : 0 }
      let whole = Self.components(mask)
      let tiled = try merged(grid, rule: .face) { Self.components(mask.cropped(to: $0.extended)) }
      #expect(isSamePartition(whole, tiled.labels), "\(grid.extent) in \(grid.core), halo \(grid.halo)")
      #expect(tiled.count == UInt64(whole.elements.max() ?? 0))
    }
  }

  /// Crops of true labels: what a perfect method would give.
  @Test(arguments: [2, 3], 0..<12)
  func perfectTilesMergeToTheTruth(rank: Int, seed: UInt64) throws {
    var random = SeededGenerator(seed: 1000 * UInt64(rank) + seed)
    for grid in Self.grids(3, rank: rank, least: 4, &random) where grid.halo.lengths.allSatisfy({ $0 > 0 }) {
      let truth = randomObjects(grid.extent, count: rank == 2 ? 40 : 30, radius: 1.5...Double(rank == 2 ? 14 : 9), &random)
      let connected = Self.connected(truth)
      for rule in [MergeRule.hybrid, .haloIoU] {
        let tiled = try merged(grid, rule: rule) { connected.cropped(to: $0.extended) }
        #expect(isSamePartition(connected, tiled.labels), "\(rule), \(grid.extent) in \(grid.core), halo \(grid.halo)")
        #expect(Set(tiled.labels.elements).subtracting([0]) == Set(1..<(tiled.count + 1)))
      }
    }
  }

  /// Objects that others were laid over may lie in parts: each part an object of its own.
  private static func connected(_ labels: VoxelBuffer<UInt32>) -> VoxelBuffer<UInt32> {
    var result = VoxelBuffer<UInt32>(extent: labels.extent)
    var last = UInt32(0)
    for label in Set(labels.elements).subtracting([0]).sorted() {
      let parts = components(labels.mapVoxels { $0 == label ? 1 : 0 } as VoxelBuffer<UInt8>)
      for i in parts.elements.indices where parts.elements[i] != 0 { result.elements[i] = last + parts.elements[i] }
      last += parts.elements.max() ?? 0
    }
    return result
  }

  @Test func anObjectLargerThanManyTilesIsOne() throws {
    let extent: Extent = [90, 110]
    var truth = VoxelBuffer<UInt32>(extent: extent)
    for index in extent.box.indices where abs(index[0] - 45) < 40 && abs(index[1] - 55) < 50 { truth[index] = 7 }
    for halo in [0, 1, 5] {
      let grid = BlockGrid(extent: extent, core: [13, 17], halo: [halo, halo])
      let tiled = try merged(grid, rule: .hybrid) { truth.cropped(to: $0.extended) }
      #expect(tiled.count == 1, "halo \(halo)")
      #expect(isSamePartition(truth, tiled.labels), "halo \(halo)")
    }
  }

  /// A line from one corner to the other that the two tiles beside it do not see.
  @Test(arguments: [MergeRule.hybrid, .haloIoU], [2, 3]) func diagonalNeighboursAreCompared(rule: MergeRule, rank: Int) throws {
    let side = 40
    let extent = Extent([Int](repeating: side, count: rank))
    var truth = VoxelBuffer<UInt32>(extent: extent)
    for step in 2..<side - 2 { truth[[Int](repeating: step, count: rank)] = 1 }
    let half = [Int](repeating: side / 2, count: rank)
    let grid = BlockGrid(extent: extent, core: Extent(half), halo: Extent(half.map { $0 / 4 }))
    let tiled = try merged(grid, rule: rule) { block in
      let isOnTheLine = Set(block.index).count == 1
      return isOnTheLine ? truth.cropped(to: block.extended) : VoxelBuffer(extent: block.extended.extent)
    }
    #expect(tiled.count == 1)
    #expect(isSamePartition(truth, tiled.labels))
  }

  /// Two tiles that see one object a little differently keep one of the views, not both.
  @Test func anObjectSeenTwiceIsKeptOnce() throws {
    let grid = BlockGrid(extent: [40, 40], core: [40, 20], halo: [0, 12])
    let tiled = try merged(grid, rule: .hybrid) { block in
      var labels = VoxelBuffer<UInt32>(extent: block.extended.extent)
      // The right tile sees the disc a voxel further to the right.
      let centre = block.number == 0 ? 19.4 : 20.6
      for index in block.extended.indices {
        let (y, x) = (Double(index[0]) - 20, Double(index[1]) - centre)
        if y * y + x * x <= 36 { labels[zip(index, block.extended.lower).map(-)] = 1 }
      }
      return labels
    }
    #expect(tiled.count == 1)
    let columns = Set(tiled.labels.elements.indices.filter { tiled.labels.elements[$0] != 0 }.map { $0 % 40 })
    #expect(columns.count == 12 || columns.count == 13)
  }

  @Test func smallObjectsAreDroppedByTheirWholeSize() throws {
    let extent: Extent = [30, 60]
    var truth = VoxelBuffer<UInt32>(extent: extent)
    for index in extent.box.indices {
      if index[0] == 5 && (10..<50).contains(index[1]) { truth[index] = 1 }
      if index[0] == 20 && (10..<14).contains(index[1]) { truth[index] = 2 }
    }
    for rule in [MergeRule.hybrid, .haloIoU, .face] {
      let grid = BlockGrid(extent: extent, core: [30, 8], halo: [0, 3])
      let tiled = try merged(grid, rule: rule, minimumVoxels: 10) { truth.cropped(to: $0.extended) }
      #expect(tiled.count == 1, "\(rule)")
      #expect(Set(tiled.labels.elements) == [0, 1], "\(rule)")
    }
  }

  @Test func withoutMergingObjectsEndAtFaces() throws {
    let truth = VoxelBuffer<UInt32>(extent: [8, 8], repeating: 3)
    let tiled = try merged(BlockGrid(extent: [8, 8], core: [4, 4], halo: [1, 1]), rule: .none) { truth.cropped(to: $0.extended) }
    #expect(tiled.count == 4)
  }

  /// A large object of one tile that a neighbour sees as very many: each of them is looked at a few times, not as often as there are others.
  @Test(.timeLimit(.minutes(1))) func anObjectThatMeetsThreeHundredThousandOthersIsMergedAtOnce() throws {
    let others = 300_000
    var merger = ObjectMerger(rule: .haloIoU, rank: 2)
    merger.add(
      (1...others).map { TileOverlap(tileA: 0, labelA: 1, tileB: 1, labelB: UInt32($0), voxels: 9, coreA: 9, coreB: 9) })
    func object(_ voxels: Int) -> TileObject {
      TileObject(voxels: voxels, coreVoxels: voxels, depth: 0, distance: 0, owner: 4)
    }
    let tiles = [
      ObjectMerger.Tile(
        objects: [object(9 * others)], presences: [TilePresence(label: 1, neighbour: 5, voxels: 9 * others)]),
      ObjectMerger.Tile(
        objects: (1...others).map { _ in object(9) },
        presences: (1...others).map { TilePresence(label: UInt32($0), neighbour: 3, voxels: 9) }),
    ]
    let count = try merger.merge(tileCount: 2, neighbour: { tile, code in tile + (code == 5 ? 1 : -1) }, tile: { tiles[$0] }) { _, _ in }
    // None of them is half of it.
    #expect(count == UInt64(others + 1))
  }

  @Test func labelsWithGapsAreCompacted() {
    let labels = TileLabels(compacting: VoxelBuffer(extent: [1, 6], elements: [0, 4_000_000_000, 7, 7, 4_000_000_000, 9]))
    #expect(labels.count == 3)
    #expect(labels.voxels.elements == [0, 1, 2, 2, 1, 3])
  }
}
