// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
package import Volumes

extension SplineField {
  /// The displacement at a lattice of (fractional) voxels, given along each axis; beyond the outermost held cells their polynomial goes on.
  ///
  /// - Complexity: as `dense(over:)`.
  package func displacements(along places: [[Double]]) -> VectorField {
    func component(_ coefficients: VoxelBuffer<Float>) -> VoxelBuffer<Float> {
      expand(coefficients, 1) { axis in
        SplinePlaces(
          positions: places[axis], stride: lattice.stride[axis], firstControl: region.lower[axis], controls: region.extent[axis])
      }
    }
    return VectorField(z: component(coefficients.z), y: component(coefficients.y), x: component(coefficients.x))
  }

  /// The displacement at a lattice of voxels, each moved by a vector of its own; beyond the held region the nearest held value.
  ///
  /// - Precondition: `moves` has a vector for each place.
  package func displacements(along places: [[Double]], movedBy moves: VectorField) -> VectorField {
    let extent = Extent(places.map(\.count))
    precondition(moves.extent == extent, "a vector for each of \(extent) places")
    let sampler = SplineSampler(self)
    var result = VectorField(zeros: extent)
    var i = 0
    for z in places[0] {
      for y in places[1] {
        for x in places[2] {
          let u = sampler.displacement(at: SIMD3(z, y, x) + moves.vector(at: i))
          result.z.elements[i] = Float(u[0])
          result.y.elements[i] = Float(u[1])
          result.x.elements[i] = Float(u[2])
          i += 1
        }
      }
    }
    return result
  }
}
