// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Grids
public import Volumes

/// The mean over a mask of the correlation of two images in the window about each voxel.
public struct LocalCorrelation: Sendable {
  /// The mean, in -1 ... 1; 0 where nothing counts.
  public let mean: Double
  /// How many windows count.
  public let count: Int
  /// The correlation at each voxel, 0 where a window has no variance; only on request.
  public let map: VoxelBuffer<Float>?
}

/// Local normalised cross-correlation over windows of `2 radius + 1` voxels an axis.
///
/// Windows are clipped at the border and at voxels that are not numbers. The value is `cov / √(var var + ε²)` with ε = 10⁻⁴ times the
/// product of both images' standard deviations. A window counts where its centre lies in `mask` (everywhere, where it is `nil`) and
/// neither image is constant in it. Along an axis of one voxel the window is one voxel.
/// - Parameter squared: whether the mean is that of squares, for images of different kinds, where correlation has either sign.
/// - Complexity: O(voxels × radius).
public func localNormalizedCrossCorrelation(
  _ fixed: VoxelBuffer<Float>, _ moving: VoxelBuffer<Float>, radius: Int = 4, mask: VoxelBuffer<UInt8>? = nil, squared: Bool = false,
  keepMap: Bool = false, threads: Int = 1
) -> LocalCorrelation {
  precondition(fixed.extent == moving.extent, "images of \(fixed.extent) and \(moving.extent) share no lattice")
  let lattice = Lattice(fixed.extent)
  let centred = CentredPair(fixed, moving, mask: nil, threads: threads)
  let counts = mask ?? VoxelBuffer(extent: fixed.extent, repeating: 1)
  precondition(counts.extent == fixed.extent, "a mask of \(counts.extent) does not fit an image of \(fixed.extent)")
  var map = VoxelBuffer<Float>(extent: keepMap ? fixed.extent : [0, 0, 0])
  var span = map.mutableSpan
  let along = lattice.lengths.map { Int32(min(radius, $0 - 1)) }
  let score = ckernels_local_correlation(
    centred.fixed.span, centred.moving.span, centred.valid.span, counts.span, lattice.z, lattice.y, lattice.x, along[0], along[1],
    along[2], 1e-4, squared ? 1 : 0, &span, Int32(threads))
  return LocalCorrelation(mean: score.count > 0 ? score.sum / score.count : 0, count: Int(score.count), map: keepMap ? map : nil)
}

/// Pearson's correlation of two images over the voxels in `mask` that are numbers in both; 0 where one is constant.
public func normalizedCrossCorrelation(
  _ fixed: VoxelBuffer<Float>, _ moving: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>? = nil
) -> Double {
  precondition(fixed.extent == moving.extent, "images of \(fixed.extent) and \(moving.extent) share no lattice")
  let pair = CentredPair(fixed, moving, mask: mask, threads: 1)
  var sum = 0.0
  for i in pair.fixed.indices { sum += Double(pair.fixed[i]) * Double(pair.moving[i]) }
  return pair.count > 0 ? sum / Double(pair.count) : 0
}

/// Two images of mean 0 and variance 1 over the voxels that are numbers in both (0 where constant), and where those are.
private struct CentredPair {
  let fixed: [Float]
  let moving: [Float]
  let valid: [UInt8]
  let count: Int

  init(_ fixed: VoxelBuffer<Float>, _ moving: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>?, threads: Int) {
    let masked = mask?.elements ?? []
    precondition(mask.map { $0.extent == fixed.extent } ?? true, "the mask of an image of \(fixed.extent) has another extent")
    var common = VoxelBuffer<UInt8>(unwritten: fixed.extent)
    var span = common.mutableSpan
    ckernels_numbers_in_both(fixed.span, moving.span, masked.span, &span, Int32(threads))
    let counting = common
    func standardised(_ image: VoxelBuffer<Float>) -> (values: [Float], valid: [UInt8]) {
      let moments = Moments(of: image, mask: counting, threads: threads)
      let scale = moments.variance > 0 ? Float(1 / moments.variance.squareRoot()) : 0
      return normalised(image, mask: counting, shift: Float(moments.mean), scale: scale, threads: threads)
    }
    (self.fixed, valid) = standardised(fixed)
    self.moving = standardised(moving).values
    count = Moments(of: fixed, mask: counting, threads: threads).count
  }
}
