// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// The coarse warp as displacements in fixed voxels, asked at scattered fixed voxels; linear between its nodes, its border goes on outside.
struct WarpNodes: Sendable {
  private let field: DisplacementField
  private let toNode: [SIMD4<Double>]
  private let toVoxels: [SIMD3<Double>]

  init(_ field: DisplacementField, of space: PhysicalSpace) {
    self.field = field
    let map = AffineTransform.voxelMap(from: space, through: .identity(rank: 3), to: field.space)
    toNode = (0..<3).map { SIMD4(map.matrix[$0][0], map.matrix[$0][1], map.matrix[$0][2], map.offset[$0]) }
    toVoxels = (0..<3).map { axis in
      SIMD3(space.direction[0][axis], space.direction[1][axis], space.direction[2][axis]) / space.spacing[axis]
    }
  }

  func displacement(at voxel: SIMD3<Double>) -> SIMD3<Float> {
    let extent = field.vectors.extent
    let place = SIMD4(voxel, 1)
    var (cell, fraction) = (SIMD3<Int>(), SIMD3<Float>())
    for axis in 0..<3 {
      let along = min(max((toNode[axis] * place).sum(), 0), Double(extent[axis] - 1))
      cell[axis] = min(Int(along), max(0, extent[axis] - 2))
      fraction[axis] = Float(along - Double(cell[axis]))
    }
    let strides = SIMD3(extent[1] * extent[2], extent[2], 1)
    var sum = SIMD3<Float>.zero
    for corner in 0..<8 {
      var (weight, at) = (Float(1), 0)
      for axis in 0..<3 {
        let step = corner >> axis & 1
        weight *= step == 1 ? fraction[axis] : 1 - fraction[axis]
        at += (cell[axis] + step) * strides[axis]
      }
      // No weight is what lies behind an axis of one node.
      if weight == 0 { continue }
      sum += weight * SIMD3(field.vectors.z.elements[at], field.vectors.y.elements[at], field.vectors.x.elements[at])
    }
    let world = SIMD3<Double>(sum)
    return SIMD3(Float((toVoxels[0] * world).sum()), Float((toVoxels[1] * world).sum()), Float((toVoxels[2] * world).sum()))
  }
}
