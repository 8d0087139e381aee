// SPDX-License-Identifier: Apache-2.0

import Grids
import Segmentation
import TestSupport
import Testing
import Volumes

/// Segments an image tile by tile with a method that sees only its tile, and merges the tiles in memory.
func merged(
  _ grid: BlockGrid, rule: MergeRule, minimumVoxels: Int = 0, segment: (Block) -> VoxelBuffer<UInt32>
) throws -> (labels: VoxelBuffer<UInt64>, count: UInt64) {
  let tiles = grid.map { TileLabels(compacting: segment($0)) }
  let isByFace = !rule.usesHalo
  func neighbours(_ block: Block) -> [TileNeighbour] { rule == .none ? [] : grid.neighbours(of: block, isByFace: isByFace) }
  func layer(_ block: Block, _ box: Box) -> LabelLayer {
    LabelLayer(tile: block.number, voxels: tiles[block.number].voxels.cropped(to: box.relative(to: block.extended.lower)), box: box)
  }
  func layers(_ block: Block) -> [LabelLayer] {
    [layer(block, block.core)]
      + neighbours(block).filter { $0.contactAxis == nil }.map { $0.block }
      .filter { !$0.extended.intersection(block.core).isEmpty }.map { layer($0, $0.extended.intersection(block.core)) }
  }
  var merger = ObjectMerger(rule: rule, rank: grid.rank, minimumVoxels: minimumVoxels)
  for block in grid {
    merger.add(overlaps(of: layers(block), inCoreOf: block.number))
    for neighbour in neighbours(block) {
      guard let axis = neighbour.contactAxis, neighbour.offset[axis] > 0 else { continue }
      let lower = layer(block, block.contactPlane(axis, isUpper: true))
      let upper = layer(neighbour.block, neighbour.block.contactPlane(axis, isUpper: false))
      merger.add(contacts(lower, upper))
    }
  }
  var assignments: [Int: ObjectMerger.Assignment] = [:]
  let count = try merger.merge(
    tileCount: grid.count, neighbour: { grid.neighbour(of: $0, code: $1) },
    tile: { number in
      ObjectMerger.Tile(
        objects: tiles[number].objects(of: grid[number], in: grid.extent),
        presences: tiles[number].presences(of: grid[number], among: neighbours(grid[number])))
    }, sink: { assignments[$0] = $1 })
  var result = VoxelBuffer<UInt64>(extent: grid.extent)
  for block in grid {
    let painted = paintedObjects(
      in: block.core, ofCoreOf: block.number, layers: layers(block), assignments: assignments, as: UInt64.self)
    result.copy(from: painted, box: painted.extent.box, at: block.core.lower)
  }
  return (result, count)
}

/// Random balls of many sizes on a lattice, later ones over earlier ones; each one connected or in a few parts.
func randomObjects(_ extent: Extent, count: Int, radius: ClosedRange<Double>, _ random: inout SeededGenerator) -> VoxelBuffer<UInt32> {
  var labels = VoxelBuffer<UInt32>(extent: extent)
  for label in 1...UInt32(count) {
    let centre = extent.lengths.map { Double.random(in: 0..<Double($0), using: &random) }
    let radii = extent.lengths.map { _ in Double.random(in: radius, using: &random) }
    let lower = zip(centre, radii).map { Int($0 - $1) }
    let upper = zip(centre, radii).map { Int($0 + $1) + 2 }
    let reach = Box(lower: lower, upper: upper).intersection(extent.box)
    for index in reach.indices {
      let offsets = index.indices.map { (Double(index[$0]) - centre[$0]) / radii[$0] }
      if offsets.reduce(0, { $0 + $1 * $1 }) <= 1 { labels[index] = label }
    }
  }
  return labels
}
