// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

/// A box of the fixed image and the moving image brought onto it by the transform so far, both on the lattice of a level.
struct BlockPair: Sendable {
  /// Where it lies in the fixed region.
  let box: Box
  let fixed: VoxelBuffer<Float>
  /// 1 where the fixed voxel is a number inside the given mask.
  let fixedMask: VoxelBuffer<UInt8>
  let moving: VoxelBuffer<Float>
  /// 1 where the transform so far leads inside the moving image.
  let movingMask: VoxelBuffer<UInt8>

  /// Reads a pair; `nil` where hardly any of the box maps inside the moving image.
  static func read(_ box: Box, of images: LevelImages, coarse: CoarseRegistration, threads: Int) throws -> BlockPair? {
    var (moving, movingMask) = try BoxResampler(volume: images.moving, interpolation: .linear, threads: threads) {
      try images.mapped($0, to: images.moving.space, threads: threads)
    }.values(over: box)
    if let mask = coarse.movingMask {
      movingMask = mask.inside(try images.mapped(box, to: mask.space, threads: threads), alsoIn: movingMask)
    }
    guard movingMask.elements.count(where: { $0 != 0 }) * 100 >= box.count else { return nil }
    let fixed = try images.fixed.read(box)
    let space = images.fixed.space.cropped(at: box.lower)
    var fixedMask = fixed.mapVoxels { UInt8($0.isFinite ? 1 : 0) }
    if coarse.hasFixedMask {
      let given = coarse.foreground.resampled(to: space, extent: box.extent)
      for i in given.elements.indices { fixedMask.elements[i] &= given.elements[i] }
    }
    return BlockPair(box: box, fixed: fixed, fixedMask: fixedMask, moving: moving, movingMask: movingMask)
  }

  /// Mean local correlation of the fixed image with `image` inside `part`, for mutual information what they tell of each other there
  /// (normalised mutual information), over voxels that are numbers in both.
  ///
  /// - Parameter image: on this box; what lies outside the moving image is no number, and takes no part in a window either.
  func likeness(_ image: VoxelBuffer<Float>, in part: Box, _ metric: RegistrationMetric, threads: Int) -> Double {
    if metric == .mi {
      return normalizedMutualInformation(fixed.cropped(to: part), image.cropped(to: part), mask: fixedMask.cropped(to: part))
    }
    // The window reaches 4 voxels beyond the part.
    let reach = part.expanded(by: [4, 4, 4]).intersection(fixed.extent.box)
    var centres = VoxelBuffer<UInt8>(extent: reach.extent)
    centres.copy(from: fixedMask.cropped(to: part), box: part.extent.box, at: part.relative(to: reach.lower).lower)
    return localNormalizedCrossCorrelation(
      fixed.cropped(to: reach), image.cropped(to: reach), radius: 4, mask: centres, threads: threads
    ).mean
  }
}
