// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Volumes

extension ComposedTransform {
  /// Maps every voxel of a box of another lattice than the fixed one: coarser or finer, turned, or reaching beyond it, where the
  /// displacement at its border goes on.
  ///
  /// - Parameters:
  ///   - box: voxels of `lattice`.
  ///   - lattice: where they lie, in the fixed image's unit.
  ///   - local: `u`, holding the control points of `fixedPart(of:in:extent:)`; `nil` for no local displacement.
  ///   - moving: the lattice to map to.
  /// - Complexity: O(voxels).
  public func mapped(_ box: Box, of lattice: PhysicalSpace, local: SplineField?, to moving: PhysicalSpace) -> MappedBox {
    let toFixed = AffineTransform.voxelMap(from: lattice, through: .identity(rank: 3), to: fixedSpace)
    var same = self
    same.fixedSpace = lattice
    return same.mapped(box, displacement: local?.displacements(box, through: toFixed), to: moving, threads: 1)
  }

  /// The fixed voxels about a box of another lattice, as far as there are any; else those that are nearest.
  public func fixedPart(of box: Box, in lattice: PhysicalSpace, extent: Extent) -> Box {
    let toFixed = AffineTransform.voxelMap(from: lattice, through: .identity(rank: 3), to: fixedSpace)
    let corners = Box(lower: [0, 0, 0], upper: [2, 2, 2]).indices.map { corner in
      toFixed((0..<3).map { Double(corner[$0] == 0 ? box.lower[$0] : box.upper[$0] - 1) })
    }
    func bounded(_ value: Double) -> Int { Int(min(max(value, -1e9), 1e9)) }
    return Box(
      lower: (0..<3).map { axis in bounded(corners.map { $0[axis] }.min()!.rounded(.down)) },
      upper: (0..<3).map { axis in bounded(corners.map { $0[axis] }.max()!.rounded(.up)) + 1 }
    ).nearestPart(of: extent.box)
  }
}

extension SplineField {
  /// The displacement at each voxel of a box of another lattice, in voxels of that lattice.
  ///
  /// - Parameter toField: from that lattice's voxels to those of the field.
  fileprivate func displacements(_ box: Box, through toField: AffineTransform) -> VectorField {
    let scale = (0..<3).map { toField.matrix[$0][$0] }
    let isStraight = (0..<3).allSatisfy { row in
      (lattice.extent[row] > 1 || box.extent[row] == 1)
        && (0..<3).allSatisfy { $0 == row || abs(toField.matrix[row][$0]) < 1e-9 * abs(scale[row]) }
    }
    guard isStraight else { return scattered(box, through: toField) }
    var field = displacements(
      along: (0..<3).map { axis in
        let last = Double((lattice.box.upper[axis] - 2) * lattice.stride[axis])
        return box[axis].map { min(max(scale[axis] * Double($0) + toField.offset[axis], 0), last) }
      })
    for axis in 0..<3 where scale[axis] != 1 {
      let back = Float(1 / scale[axis])
      for i in field[axis].elements.indices { field[axis].elements[i] *= back }
    }
    return field
  }

  private func scattered(_ box: Box, through toField: AffineTransform) -> VectorField {
    let sampler = SplineSampler(self)
    let rows = toField.matrix.map { SIMD3($0[0], $0[1], $0[2]) }
    let offset = SIMD3(toField.offset[0], toField.offset[1], toField.offset[2])
    let back = toField.inverse!.matrix.map { SIMD3($0[0], $0[1], $0[2]) }
    var field = VectorField(zeros: box.extent)
    var i = 0
    for z in box[0] {
      for y in box[1] {
        for x in box[2] {
          let voxel = SIMD3(Double(z), Double(y), Double(x))
          let u = sampler.displacement(at: SIMD3((rows[0] * voxel).sum(), (rows[1] * voxel).sum(), (rows[2] * voxel).sum()) + offset)
          field.z.elements[i] = Float((back[0] * u).sum())
          field.y.elements[i] = Float((back[1] * u).sum())
          field.x.elements[i] = Float((back[2] * u).sum())
          i += 1
        }
      }
    }
    return field
  }
}
