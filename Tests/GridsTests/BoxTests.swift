// SPDX-License-Identifier: Apache-2.0

import Grids
import TestSupport
import Testing

struct BoxTests {
  @Test func intersectionOfDisjointBoxesIsEmpty() {
    let a = Box(lower: [0, 0], upper: [4, 4])
    #expect(a.intersection(Box(lower: [4, 0], upper: [8, 4])).isEmpty)
    #expect(a.intersection(Box(lower: [3, 1], upper: [8, 9])) == Box(lower: [3, 1], upper: [4, 4]))
  }

  @Test func indicesRunInCOrder() {
    #expect(Array(Box(lower: [1, 2], upper: [3, 4]).indices) == [[1, 2], [1, 3], [2, 2], [2, 3]])
    #expect(Array(Box(lower: [0, 5], upper: [3, 5]).indices).isEmpty)
  }

  @Test(arguments: 0..<40) func alignedTilesCoverABoxOnce(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let rank = Int.random(in: 1...3, using: &random)
    let lower = (0..<rank).map { _ in Int.random(in: -20...20, using: &random) }
    let box = Box(lower: lower, upper: lower.map { $0 + Int.random(in: 0...15, using: &random) })
    let size = Extent((0..<rank).map { _ in Int.random(in: 1...7, using: &random) })
    let tiles = box.tiles(of: size)
    #expect(tiles.map(\.count).reduce(0, +) == box.count)
    for tile in tiles {
      #expect(box.contains(tile) && !tile.isEmpty)
      for axis in 0..<rank {
        let first = (Double(tile.lower[axis]) / Double(size[axis])).rounded(.down)
        let last = (Double(tile.upper[axis] - 1) / Double(size[axis])).rounded(.down)
        #expect(first == last, "a tile crosses a multiple of its size")
      }
    }
  }
}
