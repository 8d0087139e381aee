// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

extension DisplacementField {
  /// A field of the world from displacements in voxels of a lattice.
  init(voxels field: VectorField, space: PhysicalSpace) {
    var world = field
    for i in 0..<field.z.count {
      let v = [field.z.elements[i], field.y.elements[i], field.x.elements[i]]
      for row in 0..<3 {
        var sum: Float = 0
        for axis in 0..<3 { sum += Float(space.direction[row][axis] * space.spacing[axis]) * v[axis] }
        world[row].elements[i] = sum
      }
    }
    self.init(vectors: world, space: space)
  }

  /// The field on the lattice it was found on, as that has three axes.
  func lifted(like space: PhysicalSpace) -> DisplacementField { DisplacementField(vectors: vectors, space: space) }
}
