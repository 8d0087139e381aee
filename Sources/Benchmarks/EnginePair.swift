// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Weft

/// A pair in memory, for the engine by itself: the affine map is found, and the moving image brought onto the fixed lattice by it.
struct EnginePair {
  let fixed: Volume
  let moving: Volume
  let affine: Transforms.AffineTransform
  /// The moving image on the fixed lattice, and where it is there.
  let warped: VoxelBuffer<Float>
  let valid: VoxelBuffer<UInt8>

  /// - Parameter searchesStart: whether a start is searched for, as `weft register` does, not taken to be the identity.
  init(fixed: Volume, moving: Volume, searchesStart: Bool, threads: Int) throws {
    self.fixed = fixed
    self.moving = moving
    var start = Transforms.AffineTransform.identity(rank: 3)
    if searchesStart {
      var initialiser = Initialiser()
      initialiser.threads = threads
      start = try initialiser.initialise(fixed: fixed, moving: moving).transform
    }
    var options = AffineOptions()
    options.threads = threads
    affine = try registerAffine(fixed: fixed, moving: moving, initial: start, options: options).transform
    let positions = mappedPositions(
      fixed.extent, displacement: nil, map: Self.voxelMap(fixed, moving, affine), warp: nil, threads: threads)
    (warped, valid) = Filtering.resampled(moving.voxels, at: positions, threads: threads)
  }

  /// The deformable step.
  func deform(_ options: DeformableOptions) throws -> DeformableResult {
    try registerDeformable(
      fixed: fixed.voxels, moving: warped, movingMask: valid, spacing: fixed.space.spacing, options: options)
  }

  /// Where each fixed voxel goes by a displacement that was found, in voxels of the moving image.
  func positions(_ displacement: VectorField, threads: Int) -> VectorField {
    mappedPositions(
      fixed.extent, displacement: displacement, map: Self.voxelMap(fixed, moving, affine), warp: nil, threads: threads)
  }

  private static func voxelMap(_ fixed: Volume, _ moving: Volume, _ affine: Transforms.AffineTransform) -> LinearMap {
    let map = AffineTransform.voxelMap(from: fixed.space, through: affine, to: moving.space)
    return LinearMap(matrix: map.matrix.flatMap(\.self), offset: map.offset)
  }
}

/// A whole volume.
func loadVolume(_ path: String) throws -> Volume {
  let volume = try StoredImage.open(path).volumes().finest
  guard volume.rank == 3 else { throw BenchmarkError("\(path) is \(volume.rank)D", hint: "this is measured on volumes") }
  return try volume.load()
}

/// A phantom in a folder: `fixed.ome.zarr` and `moving.ome.zarr`.
///
/// - Parameter displacement: the largest smooth displacement in voxels; `nil` for the usual one, which goes by the size.
func makePhantom(side: Int, displacement: Double? = nil, in folder: String) async throws -> (fixed: String, moving: String) {
  var options = PhantomOptions()
  options.shape = [side, side, side]
  options.displacement = displacement
  try await Phantom(options).write(into: folder)
  return (folder + "/fixed.ome.zarr", folder + "/moving.ome.zarr")
}
