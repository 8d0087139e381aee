// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Grids
public import Volumes

/// How values between voxels are found.
public enum Interpolation: String, Sendable, CaseIterable {
  /// The value of the nearest voxel (half-way: the even one).
  case nearest
  /// Trilinear.
  case linear
  /// Catmull-Rom: cubic through the voxels themselves, no prefilter, may overshoot; clamped at the border.
  case cubic

  package var kernel: Int32 {
    switch self {
    case .nearest: Int32(CKernelsNearest)
    case .linear: Int32(CKernelsLinear)
    case .cubic: Int32(CKernelsCubic)
    }
  }
}

/// `moving(x + u(x))` for each voxel `x` of the field's lattice.
///
/// - Parameters:
///   - moving: a volume of three axes.
///   - field: displacements in voxels of `moving`, on a lattice whose first voxel is the first of `moving`.
///   - outside: the value where a point lies outside the centres of the border voxels (by more than a thousandth of a voxel).
///   - threads: the most threads at work; the result does not depend on it.
/// - Returns: the values, and 1 where a point lay inside, else 0.
public func warped(
  _ moving: VoxelBuffer<Float>, by field: VectorField, interpolation: Interpolation = .linear, outside: Float = 0, threads: Int = 1
) -> (values: VoxelBuffer<Float>, valid: VoxelBuffer<UInt8>) {
  resample(moving, at: field, relative: true, interpolation: interpolation, reach: rounding, outside: outside, threads: threads)
}

/// `moving` at absolute positions in its own voxels, one for each voxel of the lattice of `positions`.
///
/// - Returns: the values, and 1 where a position lies inside (from the first to the last voxel's centre; for `.nearest` half a voxel
///   further), else 0. A position that is not a number lies outside.
public func resampled(
  _ moving: VoxelBuffer<Float>, at positions: VectorField, interpolation: Interpolation = .linear, outside: Float = 0, threads: Int = 1
) -> (values: VoxelBuffer<Float>, valid: VoxelBuffer<UInt8>) {
  resample(moving, at: positions, relative: false, interpolation: interpolation, reach: rounding, outside: outside, threads: threads)
}

/// As `resampled(_:at:)`, a border voxel reaching half a voxel out: for registering, where the least step across the border must not take
/// voxels away from the metric, which would move to keep them, and for images whose voxels are to be used to their faces.
package func resampledToHalfVoxel(
  _ moving: VoxelBuffer<Float>, at positions: VectorField, interpolation: Interpolation = .linear, outside: Float = 0, threads: Int
) -> (values: VoxelBuffer<Float>, valid: VoxelBuffer<UInt8>) {
  resample(moving, at: positions, relative: false, interpolation: interpolation, reach: 0.5, outside: outside, threads: threads)
}

/// What rounding may do to a point on the border, in voxels.
private let rounding: Float = 1e-3

private func resample(
  _ moving: VoxelBuffer<Float>, at points: VectorField, relative: Bool, interpolation: Interpolation, reach: Float, outside: Float,
  threads: Int
) -> (values: VoxelBuffer<Float>, valid: VoxelBuffer<UInt8>) {
  let from = Lattice(moving.extent)
  let to = Lattice(points.extent)
  var values = VoxelBuffer<Float>(unwritten: points.extent)
  var valid = VoxelBuffer<UInt8>(unwritten: points.extent)
  var valueSpan = values.mutableSpan
  var validSpan = valid.mutableSpan
  ckernels_resample(
    moving.span, from.z, from.y, from.x, points.z.span, points.y.span, points.x.span, to.z, to.y, to.x, relative ? 1 : 0,
    interpolation.kernel, reach, outside, &valueSpan, &validSpan, Int32(threads))
  return (values, valid)
}

/// The voxel of `moving` nearest to each absolute position, whatever its type; for labels.
///
/// Half-way positions go to the even voxel. A position more than half a voxel outside, or not a number, gives `outside`.
public func nearest<Label: VoxelScalar>(
  _ moving: VoxelBuffer<Label>, at positions: VectorField, outside: Label = 0
) -> VoxelBuffer<Label> {
  let from = Lattice(moving.extent)
  var result = VoxelBuffer<Label>(extent: positions.extent, repeating: outside)
  let (pz, py, px, source) = (positions.z.span, positions.y.span, positions.x.span, moving.span)
  var target = result.mutableSpan
  for i in 0..<target.count {
    let z = pz[i].rounded(.toNearestOrEven)
    let y = py[i].rounded(.toNearestOrEven)
    let x = px[i].rounded(.toNearestOrEven)
    guard z >= 0, z < Float(from.z), y >= 0, y < Float(from.y), x >= 0, x < Float(from.x) else { continue }
    target[i] = source[(Int(z) * from.y + Int(y)) * from.x + Int(x)]
  }
  return result
}
