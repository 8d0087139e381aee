// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
public import Volumes

/// An image less its local mean, divided by its local deviation: what shows where something lies, whatever the light and the gain.
///
/// Mean and deviation are Gaussian-weighted over the voxels that are numbers; the others are 0. Where the deviation is far below its median
/// in `mask`, next to nothing is left: noise in flat regions is not raised to structure.
///
/// - Parameters:
///   - image: a volume of three axes (z, y, x); 2D is one plane.
///   - mask: what the image shows, by which it is told what is flat; all of it, where it is `nil`.
///   - sigma: of the Gaussian, in voxels.
/// - Complexity: O(voxels × sigma).
public func locallyNormalized(
  _ image: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>? = nil, sigma: Double = 2.5, threads: Int = 1
) -> VoxelBuffer<Float> {
  let sigmas = image.extent.lengths.map { $0 > 1 ? sigma : 0 }
  let moments = Moments(of: image, mask: nil, threads: threads)
  // Squares of numbers far from zero would leave nothing of their differences.
  let (values, valid) = normalised(image, mask: nil, shift: Float(moments.mean), scale: 1, threads: threads)
  var result = VoxelBuffer(extent: image.extent, elements: values)
  let counts = VoxelBuffer(extent: image.extent, elements: valid)
  let means = smoothed(result, sigma: sigmas, mask: counts, threads: threads)
  var deviations = smoothed(result.mapVoxels { $0 * $0 }, sigma: sigmas, mask: counts, threads: threads)
  var counted: [Float] = []
  for i in values.indices {
    deviations.elements[i] = max(0, deviations.elements[i] - means.elements[i] * means.elements[i]).squareRoot()
    if valid[i] != 0, mask.map({ $0.elements[i] != 0 }) ?? true { counted.append(deviations.elements[i]) }
  }
  let floor = counted.isEmpty ? 0 : 0.3 * counted.selected(counted.count / 2)
  for i in values.indices {
    let deviation = deviations.elements[i]
    let scale = (deviation * deviation + floor * floor).squareRoot()
    result.elements[i] = valid[i] != 0 && scale > 0 ? (values[i] - means.elements[i]) / scale : 0
  }
  return result
}
