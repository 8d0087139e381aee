// SPDX-License-Identifier: Apache-2.0

internal import Filtering
package import Grids
package import Volumes

/// A displacement field on a lattice coarser than the one it belongs to: sample `i` along an axis lies at voxel `factor · i + (factor − 1) / 2`.
package struct SampledField: Sendable {
  /// Displacements in voxels of the full lattice.
  package let vectors: VectorField
  /// Voxels of the full lattice for a sample along each axis, powers of two.
  package let factors: [Int]
  /// The full lattice.
  package let extent: Extent

  /// The field at every voxel: linear between samples and beyond the outermost ones.
  package func expanded(threads: Int = 1) -> VectorField {
    let full = Lattice(extent)
    func component(_ samples: VoxelBuffer<Float>) -> VoxelBuffer<Float> {
      var lattice = Lattice(samples.extent)
      var values = samples.elements
      var left = factors
      while left.contains(where: { $0 > 1 }) {
        let halved = left.map { $0 > 1 ? 2 : 1 }
        left = zip(left, halved).map(/)
        let finer = full.dividedRoundingUp(by: left)
        values = upsampled(values.span, from: lattice, to: finer, factors: halved, threads: threads)
        lattice = finer
      }
      return VoxelBuffer(extent: extent, elements: values)
    }
    return VectorField(z: component(vectors.z), y: component(vectors.y), x: component(vectors.x))
  }
}
