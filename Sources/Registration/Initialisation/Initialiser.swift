// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Transforms
public import Volumes

/// Finds where to start: several ways to place the moving image are tried, and the one under which the images agree best wins.
///
/// Candidates are the identity in physical space, geometric centres, centres of mass, principal axes (rotations only), FFT phase
/// correlation, and normalised correlation of the overlap at every shift; in 2D the last also at rotations in steps of 15°. All are
/// scored on coarse smoothed copies of about `voxels` voxels, so that the cost hardly depends on the size of the images.
public struct Initialiser: Sendable {
  /// Voxels of the coarse copies, about.
  public var voxels = 150_000
  /// The most threads at work; the result does not depend on it.
  public var threads = 1
  /// Whether candidates may turn the image.
  public var triesRotations = true

  /// An initialiser of defaults.
  public init() {}

  /// The best start for a pair.
  ///
  /// The identity is kept where no other candidate scores better by a fiftieth. With the metric `auto`, correlation decides
  /// where a candidate reaches 0.25 that tells about as much of the other image as any does, mutual information where none does.
  ///
  /// - Throws: `RegistrationError` where the ranks differ, an image is constant, or no candidate makes the images overlap.
  public func initialise(
    fixed: Volume, moving: Volume, fixedMask: Mask? = nil, movingMask: Mask? = nil, metric: RegistrationMetric = .auto
  ) throws -> InitialisationResult {
    try requireEqualRanks(fixed, moving)
    if let flat = try FlatPair(fixed: fixed, moving: moving, fixedMask: fixedMask, movingMask: movingMask) {
      let result = try initialise(
        fixed: flat.fixed, moving: flat.moving, fixedMask: flat.fixedMask, movingMask: flat.movingMask, metric: metric)
      return result.replacingTransform(flat.lifted(result.transform))
    }
    let fixedImage = try PreparedImage(fixed, mask: fixedMask, role: "fixed")
    let movingImage = try PreparedImage(moving, mask: movingMask, role: "moving")
    let spacing = coarseSpacing(fixedImage, movingImage)
    var search = CandidateSearch(
      fixed: fixedImage.coarsened(toSpacing: spacing).smoothed(voxels: 1),
      moving: movingImage.coarsened(toSpacing: spacing).smoothed(voxels: 1), spacing: spacing, metric: metric, threads: threads)
    try search.run(triesRotations: triesRotations)
    return try search.result()
  }

  /// The spacing at which the larger image has about `voxels` voxels, never finer than the images are.
  private func coarseSpacing(_ fixed: PreparedImage, _ moving: PreparedImage) -> Double {
    func spacing(_ image: PreparedImage) -> Double {
      let budget = image.rank == 2 ? Double(voxels) / 4 : Double(voxels)
      return pow(Double(image.extent.count) * image.voxelVolume / budget, 1 / Double(image.rank))
    }
    func finest(_ image: PreparedImage) -> Double { image.space.spacing.suffix(image.rank).min()! }
    let wanted = max(spacing(fixed), spacing(moving), min(finest(fixed), finest(moving)))
    // Where one image is far longer than the other, the lattice that holds every shift of both is what costs.
    var coarse = wanted
    while Self.shifts(fixed, moving, spacing: coarse) > (fixed.rank == 2 ? 2e6 : 12e6) { coarse *= 1.1 }
    return coarse
  }

  /// Points of the lattice that holds every shift of the moving image, turned as it may be, over the fixed one.
  private static func shifts(_ fixed: PreparedImage, _ moving: PreparedImage, spacing: Double) -> Double {
    func lengths(_ image: PreparedImage) -> [Double] {
      zip(image.space.spacing, image.extent.lengths).suffix(image.rank).map { $0 * Double($1) }
    }
    let reach = lengths(moving).map { $0 * $0 }.reduce(0, +).squareRoot()
    return lengths(fixed).map { ($0 + reach) / spacing + 1 }.reduce(1, *)
  }
}

/// The best start for a pair, by an `Initialiser` of defaults.
public func initialise(
  fixed: Volume, moving: Volume, fixedMask: Mask? = nil, movingMask: Mask? = nil, metric: RegistrationMetric = .auto
) throws -> InitialisationResult {
  try Initialiser().initialise(fixed: fixed, moving: moving, fixedMask: fixedMask, movingMask: movingMask, metric: metric)
}

/// Throws where the images cannot be a pair.
func requireEqualRanks(_ fixed: Volume, _ moving: Volume, initial: Transforms.AffineTransform? = nil) throws {
  guard fixed.space.rank == moving.space.rank else {
    throw RegistrationError(
      .rankMismatch, "the fixed image has \(fixed.space.rank) axes, the moving image \(moving.space.rank)",
      hint: "2D registers with 2D and 3D with 3D; select a plane of the 3D image first")
  }
  if let initial, initial.rank != fixed.space.rank {
    throw RegistrationError(
      .rankMismatch, "the initial transform has \(initial.rank) axes, the images \(fixed.space.rank)",
      hint: "give a transform made for images of this rank")
  }
}
