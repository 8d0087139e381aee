// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Grids
package import Volumes

/// An affine map of voxels, rows of its linear part and its offset.
package struct LinearMap: Sendable {
  package var matrix: [Double]
  package var offset: [Double]

  package init(matrix: [Double], offset: [Double]) {
    precondition(matrix.count == 9 && offset.count == 3, "a map of three axes")
    self.matrix = matrix
    self.offset = offset
  }

  /// The map of `x - lower`, with `shift` taken from where it leads.
  package func from(_ lower: [Int], less shift: [Int] = [0, 0, 0]) -> LinearMap {
    let moved = (0..<3).map { row in
      offset[row] - Double(shift[row]) + (0..<3).reduce(0) { $0 + matrix[3 * row + $1] * Double(lower[$1]) }
    }
    return LinearMap(matrix: matrix, offset: moved)
  }
}

/// Displacements on a lattice of nodes, linear between them, the border's beyond.
package struct NodeWarp: Sendable {
  package var vectors: [Float]
  package var extent: Extent
  /// From the voxels that are mapped to nodes.
  package var toNodes: LinearMap

  /// - Parameter vectors: one component after another.
  package init(vectors: [Float], extent: Extent, toNodes: LinearMap) {
    precondition(vectors.count == 3 * extent.count, "three components a node")
    self.vectors = vectors
    self.extent = extent
    self.toNodes = toNodes
  }
}

/// `map(p) + warp(p)` with `p = x + displacement(x)` for each voxel `x` of a lattice. O(voxels).
package func mappedPositions(
  _ extent: Extent, displacement: VectorField?, map: LinearMap, warp: NodeWarp?, threads: Int
) -> VectorField {
  let n = Lattice(extent)
  let u = displacement ?? VectorField(zeros: [0, 0, 0])
  let warp = warp ?? NodeWarp(vectors: [], extent: [0, 0, 0], toNodes: map)
  let m = Lattice(warp.extent)
  let maps = map.matrix + map.offset + warp.toNodes.matrix + warp.toNodes.offset
  var (z, y, x) = (VoxelBuffer<Float>(unwritten: extent), VoxelBuffer<Float>(unwritten: extent), VoxelBuffer<Float>(unwritten: extent))
  var spanZ = z.mutableSpan
  var spanY = y.mutableSpan
  var spanX = x.mutableSpan
  ckernels_map_box(
    n.z, n.y, n.x, u.z.span, u.y.span, u.x.span, warp.vectors.span, m.z, m.y, m.x, maps.span, &spanZ, &spanY, &spanX, Int32(threads))
  return VectorField(z: z, y: y, x: x)
}
