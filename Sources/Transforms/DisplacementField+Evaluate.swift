// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

extension DisplacementField {
  /// The displacement at a world position, in world units; beyond the outermost voxel centres the nearest value holds.
  public func displacement(at world: [Double]) -> [Double] {
    let index = space.index(of: world)
    let extent = vectors.extent
    var cell = [0, 0, 0]
    var fraction = [0.0, 0.0, 0.0]
    for axis in 0..<3 {
      let along = min(max(index[axis], 0), Double(extent[axis] - 1))
      cell[axis] = min(Int(along), max(0, extent[axis] - 2))
      fraction[axis] = along - Double(cell[axis])
    }
    let strides = extent.strides
    var sum = [0.0, 0.0, 0.0]
    for corner in 0..<8 {
      var weight = 1.0
      var offset = 0
      for axis in 0..<3 {
        let step = (corner >> axis) & 1
        weight *= step == 1 ? fraction[axis] : 1 - fraction[axis]
        offset += (cell[axis] + step) * strides[axis]
      }
      if weight == 0 { continue }
      sum[0] += weight * Double(vectors.z.elements[offset])
      sum[1] += weight * Double(vectors.y.elements[offset])
      sum[2] += weight * Double(vectors.x.elements[offset])
    }
    return sum
  }

  /// Where a world position goes.
  public func callAsFunction(_ world: [Double]) -> [Double] { zip(world, displacement(at: world)).map(+) }
}
