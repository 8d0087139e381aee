// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Volumes

/// The objects of the image inside a box.
///
/// - Parameters:
///   - box: a part of the core of `tile`.
///   - tile: the tile whose core it is: pieces are written by it alone.
///   - layers: what the tiles say of the box or more.
///   - assignments: what became of the objects of each of those tiles.
/// - Returns: ids; 0 is background.
/// - Complexity: O(voxels of all layers inside the box).
@specialized(where Voxel == UInt32)
package func paintedObjects<Voxel: VoxelScalar & FixedWidthInteger>(
  in box: Box, ofCoreOf tile: Int, layers: [LabelLayer], assignments: [Int: ObjectMerger.Assignment], as type: Voxel.Type
) -> VoxelBuffer<Voxel> {
  var result = VoxelBuffer<Voxel>(extent: box.extent)
  let rank = box.rank
  let width = box.extent[rank - 1]
  let tables = layers.compactMap { layer in
    assignments[layer.tile].flatMap { Paint<Voxel>(layer, $0, inside: box, isOwn: layer.tile == tile) }
  }
  var target = result.mutableSpan
  var surest = [UInt32](repeating: 0, count: width)
  var to = 0
  for row in Box(lower: Array(box.lower.dropLast()), upper: Array(box.upper.dropLast())).indices {
    var isFirst = true
    for table in tables where (0..<rank - 1).allSatisfy({ table.inside[$0].contains(row[$0]) }) {
      let strides = table.layer.box.extent.strides
      var from = table.inside.lower[rank - 1] - table.layer.box.lower[rank - 1]
      for axis in 0..<rank - 1 { from += (row[axis] - table.layer.box.lower[axis]) * strides[axis] }
      let first = table.inside.lower[rank - 1] - box.lower[rank - 1]
      let labels = table.layer.voxels.span
      let (ids, ranks) = (table.ids.span, table.ranks.span)
      if isFirst {
        for x in 0..<width { surest[x] = .max }
        isFirst = false
      }
      for x in 0..<table.inside.extent[rank - 1] {
        let label = Int(labels[from + x])
        if label == 0 { continue }
        let id = ids[label]
        if id == 0 { continue }
        if target[to + first + x] == 0 || ranks[label] < surest[first + x] {
          target[to + first + x] = id
          surest[first + x] = ranks[label]
        }
      }
    }
    to += width
  }
  return result
}

/// A layer and its colours, label 0 first: what each label becomes, and how surely; the least rank has a voxel.
private struct Paint<Voxel: VoxelScalar & FixedWidthInteger> {
  var layer: LabelLayer
  var ids: [Voxel]
  var ranks: [UInt32]
  var inside: Box

  init?(_ layer: LabelLayer, _ assignment: ObjectMerger.Assignment, inside box: Box, isOwn: Bool) {
    let inside = layer.box.intersection(box)
    if inside.isEmpty { return nil }
    ids = [0]
    ids.reserveCapacity(assignment.ids.count + 1)
    for (id, rank) in zip(assignment.ids, assignment.ranks) {
      ids.append(isOwn || rank != ObjectMerger.pieceRank ? Voxel(truncatingIfNeeded: id) : 0)
    }
    ranks = [ObjectMerger.pieceRank] + assignment.ranks
    self.layer = layer
    self.inside = inside
  }
}
