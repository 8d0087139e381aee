// SPDX-License-Identifier: Apache-2.0

package import Grids

/// A block and one of the blocks around it: where it lies, and which voxels they share.
package struct TileNeighbour: Sendable, Hashable {
  /// -1, 0 or 1 along each axis.
  package let offset: [Int]
  /// The other block.
  package let block: Block
  /// The voxels that both read; where they share none but touch across a face, as blocks without halo do, empty.
  package let shared: Box
  /// The axis across which they touch without sharing voxels; `nil` where they share some, or touch at an edge or a corner only.
  package let contactAxis: Int?

  /// The offset as one number: base 3, each axis from 0 to 2.
  package var code: Int { offset.reduce(0) { 3 * $0 + $1 + 1 } }
  /// What the other block calls this one.
  package var oppositeCode: Int { offset.reduce(0) { 3 * $0 + 1 - $1 } }
}

extension BlockGrid {
  /// The blocks around a block that share voxels with it or touch it across a face, in the order of their numbers.
  ///
  /// - Parameter isByFace: whether only blocks across a face count, and only their touching planes.
  /// - Complexity: O(3ʳ) for rank r.
  package func neighbours(of block: Block, isByFace: Bool = false) -> [TileNeighbour] {
    Box(lower: [Int](repeating: -1, count: rank), upper: [Int](repeating: 2, count: rank)).indices.compactMap { offset in
      let index = zip(block.index, offset).map(+)
      guard offset.contains(where: { $0 != 0 }), shape.box.contains(index) else { return nil }
      let other = self.block(at: index)
      let shared = isByFace ? Box(lower: other.core.lower, upper: other.core.lower) : block.extended.intersection(other.extended)
      if !shared.isEmpty { return TileNeighbour(offset: offset, block: other, shared: shared, contactAxis: nil) }
      guard offset.count(where: { $0 != 0 }) == 1, let axis = offset.firstIndex(where: { $0 != 0 }) else { return nil }
      return TileNeighbour(offset: offset, block: other, shared: shared, contactAxis: axis)
    }
  }

  /// The number of the block that another one knows under `TileNeighbour.code`.
  ///
  /// - Precondition: there is one.
  package func neighbour(of number: Int, code: Int) -> Int {
    var number = number
    var code = code
    for step in shape.strides.reversed() {
      number += (code % 3 - 1) * step
      code /= 3
    }
    return number
  }
}

extension Block {
  /// The plane of voxels of the core that touches a neighbour across an axis.
  package func contactPlane(_ axis: Int, isUpper: Bool) -> Box {
    var (lower, upper) = (core.lower, core.upper)
    if isUpper { lower[axis] = upper[axis] - 1 } else { upper[axis] = lower[axis] + 1 }
    return Box(lower: lower, upper: upper)
  }
}
