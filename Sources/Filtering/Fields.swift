// SPDX-License-Identifier: Apache-2.0

internal import CKernels
package import Grids
public import Volumes

/// The field of `outer` after `inner`, on their one lattice: `inner(x) + outer(x + inner(x))`, linear, clamped at the border.
///
/// As maps, `x + composed(x) = (id + outer)((id + inner)(x))`.
public func composed(outer: VectorField, inner: VectorField, threads: Int = 1) -> VectorField {
  precondition(outer.extent == inner.extent, "fields of \(outer.extent) and \(inner.extent) share no lattice")
  let lattice = Lattice(inner.extent)
  let packedOuter = outer.packed()
  let packedInner = inner.packed()
  var result = [Float](unwritten: packedInner.count)
  var span = result.mutableSpan
  ckernels_compose(packedOuter.span, packedInner.span, &span, lattice.z, lattice.y, lattice.x, 1, 1, 1, Int32(threads))
  return VectorField(packed: result, extent: inner.extent)
}

/// A field turned round, and what is left of exactness.
public struct InvertedField: Sendable {
  /// The inverse: `x + inverse(x)` leads back.
  public let field: VectorField
  /// Mean length of `field(y + inverse(y)) + inverse(y)` over the lattice, in voxels.
  public let meanResidual: Double
  /// Greatest such length.
  public let maximumResidual: Double
}

/// The inverse of a field on its own lattice, by fixed-point iteration at each voxel (Chen et al., Med. Phys. 35, 2008).
///
/// Converges where the field's slope stays below 1. Beyond the border the field goes on with its border value.
/// - Parameters:
///   - tolerance: a voxel is done when its residual is at most this, in voxels.
///   - iterations: the most steps.
public func inverted(_ field: VectorField, tolerance: Double = 0.01, iterations: Int = 50, threads: Int = 1) -> InvertedField {
  let lattice = Lattice(field.extent)
  let packed = field.packed()
  var inverse = packed.map { -$0 }
  let residual = invert(packed, into: &inverse, lattice: lattice, scales: [1, 1, 1], tolerance, iterations, threads)
  return InvertedField(
    field: VectorField(packed: inverse, extent: field.extent), meanResidual: residual.mean, maximumResidual: residual.greatest)
}

/// `inverted` on packed components; `inverse` holds where to start, `scales` turn values into voxels of the lattice.
package func invert(
  _ field: [Float], into inverse: inout [Float], lattice: Lattice, scales: [Float], _ tolerance: Double, _ iterations: Int,
  _ threads: Int
) -> (mean: Double, greatest: Double) {
  var span = inverse.mutableSpan
  let residual = ckernels_invert(
    field.span, &span, lattice.z, lattice.y, lattice.x, scales[0], scales[1], scales[2], Float(tolerance), Int32(iterations),
    Int32(threads))
  return (residual.mean, residual.greatest)
}

extension VectorField {
  /// The components one after another, as kernels take them.
  package func packed() -> [Float] {
    var all: [Float] = []
    all.reserveCapacity(3 * extent.count)
    all += z.elements
    all += y.elements
    all += x.elements
    return all
  }

  package init(packed: [Float], extent: Extent) {
    let count = extent.count
    self.init(
      z: VoxelBuffer(extent: extent, elements: Array(packed[0..<count])),
      y: VoxelBuffer(extent: extent, elements: Array(packed[count..<2 * count])),
      x: VoxelBuffer(extent: extent, elements: Array(packed[2 * count..<3 * count])))
  }
}
