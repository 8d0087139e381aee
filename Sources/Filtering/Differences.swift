// SPDX-License-Identifier: Apache-2.0

internal import CKernels
public import Grids
public import Volumes

/// The gradient of `image` by central differences, one-sided at the border, zero along an axis of one voxel.
///
/// - Parameter spacing: distances between voxels, one an axis; 1 gives differences per voxel.
public func gradient(of image: VoxelBuffer<Float>, spacing: [Double] = [1, 1, 1], threads: Int = 1) -> VectorField {
  precondition(spacing.count == 3, "one spacing an axis")
  let lattice = Lattice(image.extent)
  let parts = (0..<3).map { axis in
    var part = VoxelBuffer<Float>(unwritten: image.extent)
    var span = part.mutableSpan
    ckernels_difference(image.span, &span, lattice.z, lattice.y, lattice.x, Int32(axis), Int32(threads))
    return spacing[axis] == 1 ? part : part.mapVoxels { $0 / Float(spacing[axis]) }
  }
  return VectorField(z: parts[0], y: parts[1], x: parts[2])
}

/// The determinant of the Jacobian of `x + u(x)` at each voxel, by central differences (one-sided at the border).
///
/// Above 1 the map stretches, below 1 it shrinks, at 0 or below it folds.
public func jacobianDeterminant(of field: VectorField, threads: Int = 1) -> VoxelBuffer<Float> {
  jacobianDeterminant(of: field, identity: 1, threads: threads)
}

/// The determinant of the Jacobian of a map whose positions are given for each voxel, as `jacobianDeterminant(of:)`; an axis of one voxel
/// counts as 1.
public func jacobianDeterminant(ofPositions positions: VectorField, threads: Int = 1) -> VoxelBuffer<Float> {
  jacobianDeterminant(of: positions, identity: 0, threads: threads)
}

private func jacobianDeterminant(of field: VectorField, identity: Float, threads: Int) -> VoxelBuffer<Float> {
  let lattice = Lattice(field.extent)
  var determinant = VoxelBuffer<Float>(unwritten: field.extent)
  var span = determinant.mutableSpan
  ckernels_jacobian(
    field.z.span, field.y.span, field.x.span, &span, lattice.z, lattice.y, lattice.x, 1, 1, 1, identity, Int32(threads))
  return determinant
}

/// How far a map is from folding inside a box.
public struct FoldingSummary: Sendable, Equatable {
  /// The least Jacobian determinant.
  public let minimumDeterminant: Double
  /// Voxels whose determinant is not positive, in percent.
  public let foldedPercent: Double

  /// Summarises the determinants inside `box` (all, where it is `nil`).
  public init(determinants: VoxelBuffer<Float>, in box: Box? = nil) {
    let voxels = (box.map { determinants.cropped(to: $0) } ?? determinants).elements
    var least = Float.infinity
    var folded = 0
    for value in voxels {
      least = min(least, value)
      if !(value > 0) { folded += 1 }
    }
    minimumDeterminant = voxels.isEmpty ? 1 : Double(least)
    foldedPercent = voxels.isEmpty ? 0 : 100 * Double(folded) / Double(voxels.count)
  }
}

/// Minimum Jacobian determinant and percentage of folded voxels of `x + u(x)` inside `box`.
public func folding(of field: VectorField, in box: Box? = nil, threads: Int = 1) -> FoldingSummary {
  FoldingSummary(determinants: jacobianDeterminant(of: field, threads: threads), in: box)
}
