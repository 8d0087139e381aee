// SPDX-License-Identifier: Apache-2.0

import Grids
import Pipelines
import TestSupport
import Testing

struct BlendWindowTests {
  /// Grids of three axes, among them ragged last blocks, no halo, and axes of one voxel.
  static func randomGrids(_ count: Int) -> [BlockGrid] {
    var random = SeededGenerator(seed: 11)
    return (0..<count).map { number in
      let extent = (0..<3).map { axis in axis == number % 4 ? 1 : Int.random(in: 2...40, using: &random) }
      let core = extent.map { Int.random(in: 1...max(1, min($0, 17)), using: &random) }
      let halo = core.map { number % 5 == 0 ? 0 : Int.random(in: 0..<$0, using: &random) }
      return BlockGrid(extent: Extent(extent), core: Extent(core), halo: Extent(halo))
    }
  }

  @Test func weightsAreOneInsideAndZeroFromTheFirstVoxelThatIsNotRead() {
    for grid in Self.randomGrids(40) {
      let window = BlendWindow(grid: grid, sigma: 0.5)
      for block in grid {
        for axis in 0..<3 {
          let deepFrom = block.core.lower[axis] == 0 ? 0 : block.core.lower[axis] + grid.halo[axis]
          let deepTo = block.core.upper[axis] == grid.extent[axis] ? grid.extent[axis] : block.core.upper[axis] - grid.halo[axis]
          for voxel in 0..<grid.extent[axis] {
            let weight = window.weight(of: block, axis: axis, at: Double(voxel))
            if voxel >= deepFrom && voxel < deepTo { #expect(weight == 1, "\(grid), \(block), \(axis), \(voxel)") }
            #expect((weight > 0) == block.extended[axis].contains(voxel), "\(grid), \(block), axis \(axis), voxel \(voxel): \(weight)")
          }
        }
      }
    }
  }

  @Test func weightsReachZeroWithoutSlope() {
    let grid = BlockGrid(extent: [60, 60, 60], core: [20, 20, 20], halo: [8, 8, 8])
    let block = grid.block(at: [1, 1, 1])
    for sigma in [0.3, 0.5, 2] {
      let window = BlendWindow(grid: grid, sigma: sigma)
      for (edge, inwards) in [(48.0, -1.0), (11.0, 1.0)] {
        #expect(window.weight(of: block, axis: 0, at: edge) == 0)
        // A weight that falls straight would give 1/17 a voxel.
        let slope = window.weight(of: block, axis: 0, at: edge + inwards * 0.01) / 0.01
        #expect(slope < 0.002, "sigma \(sigma): \(slope)")
      }
    }
  }

  @Test func weightsFallAllTheWayAndAreTheSameForBothNeighbours() {
    let grid = BlockGrid(extent: [1, 1, 60], core: [1, 1, 20], halo: [0, 0, 8])
    let window = BlendWindow(grid: grid, sigma: 0.5)
    let (left, right) = (grid.block(at: [0, 0, 0]), grid.block(at: [0, 0, 1]))
    var last = 1.0
    for step in 0...170 {
      let away = -8.5 + Double(step) / 10
      let one = window.weight(of: left, axis: 2, at: 19.5 + away)
      let other = window.weight(of: right, axis: 2, at: 19.5 - away)
      #expect(abs(one - other) < 1e-12 && one <= last)
      last = one
    }
    #expect(last < 1e-3)
  }
}
