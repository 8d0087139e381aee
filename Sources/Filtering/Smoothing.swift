// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Foundation
internal import Grids
public import Volumes

/// A Gaussian sampled and normalised: the centre first, then the weight at each distance up to four sigma.
package func gaussianTaps(sigma: Double) -> [Float] {
  if sigma <= 0 { return [1] }
  let radius = max(1, Int((4 * sigma).rounded(.up)))
  let taps = (0...radius).map { exp(-0.5 * Double($0 * $0) / (sigma * sigma)) }
  let sum = taps[0] + 2 * taps.dropFirst().reduce(0, +)
  return taps.map { Float($0 / sum) }
}

/// Smooths `components` lattices that lie one after another in `values`.
package func smooth(
  _ values: inout [Float], components: Int, lattice: Lattice, sigma: [Double], border: SmoothingBorder = .clamp, threads: Int = 1
) {
  for axis in 0..<3 where sigma[axis] > 0 && lattice.lengths[axis] > 1 {
    let taps = gaussianTaps(sigma: sigma[axis])
    var span = values.mutableSpan
    ckernels_smooth_axis(
      &span, components, lattice.z, lattice.y, lattice.x, Int32(axis), taps.span, Int32(border.rawValue), Int32(threads))
  }
}

/// How an image goes on beyond its border while it is smoothed.
package enum SmoothingBorder: Int, Sendable {
  /// By its border voxel.
  case clamp = 0
  /// Along the straight line through it, so that linear fields stay as they are.
  case linear = 1
  /// As in a mirror on the outer face of the border voxel, so that what is cut by the border goes on as if it were whole.
  case mirror = 2
}

/// `image` smoothed by a Gaussian, cut at four sigma and continued beyond the border by the border voxel.
///
/// - Parameters:
///   - image: a volume of three axes (z, y, x); 2D is one plane.
///   - sigma: standard deviations in voxels, one an axis; 0 leaves an axis as it is.
///   - threads: the most threads at work; the result does not depend on it.
/// - Complexity: O(voxels × sigma).
public func smoothed(_ image: VoxelBuffer<Float>, sigma: [Double], threads: Int = 1) -> VoxelBuffer<Float> {
  precondition(sigma.count == 3, "one sigma an axis")
  var values = image.elements
  smooth(&values, components: 1, lattice: Lattice(image.extent), sigma: sigma, threads: threads)
  return VoxelBuffer(extent: image.extent, elements: values)
}

/// `image` smoothed over the voxels that count: those in `mask` (all, where it is `nil`) that are numbers.
///
/// Normalised convolution (Knutsson and Westin, 1993): the smoothed sum divided by the smoothed weight. A voxel out of reach of any
/// voxel that counts is 0.
public func smoothed(_ image: VoxelBuffer<Float>, sigma: [Double], mask: VoxelBuffer<UInt8>?, threads: Int = 1) -> VoxelBuffer<Float> {
  precondition(sigma.count == 3, "one sigma an axis")
  let lattice = Lattice(image.extent)
  let (values, valid) = normalised(image, mask: mask, shift: 0, scale: 1, threads: threads)
  var sums = values
  var weights = valid.map { Float($0) }
  smooth(&sums, components: 1, lattice: lattice, sigma: sigma, threads: threads)
  smooth(&weights, components: 1, lattice: lattice, sigma: sigma, threads: threads)
  for i in sums.indices { sums[i] = weights[i] > 1e-6 ? sums[i] / weights[i] : 0 }
  return VoxelBuffer(extent: image.extent, elements: sums)
}
