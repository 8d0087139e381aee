// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Volumes

/// How much each voxel looks like the middle of a bright ball of a given diameter: the scale-normalised Laplacian of Gaussian, its sign
/// turned (T. Lindeberg, "Feature detection with automatic scale selection", International Journal of Computer Vision 30(2), 1998).
///
/// Beyond the border the image goes on as in a mirror, so that objects cut by it count as whole ones.
struct BlobResponse: Sendable {
  /// The smoothed image.
  let smoothed: [Float]
  let lattice: Lattice
  /// Standard deviations in voxels; 0 on axes that are not looked along.
  let sigma: [Double]
  /// What each axis's second difference counts.
  private let weights: [Float]

  /// - Parameters:
  ///   - diameter: in voxels, one for each of the three axes.
  ///   - scale: the Gaussian's size over the one that balls of the diameter answer to most, their radius over √axes.
  ///   - unit: the scale at which the middle of a ball of height 1 and exactly that diameter answers 1.
  /// - Complexity: O(voxels × diameter).
  init(_ values: consuming [Float], lattice: Lattice, diameter: [Double], scale: Double, unit: Double) {
    let axes = (0..<3).filter { lattice.lengths[$0] > 1 }
    let rank = Double(max(1, axes.count))
    sigma = (0..<3).map { axes.contains($0) ? max(0.5, scale * diameter[$0] / 2 / rank.squareRoot()) : 0 }
    smooth(&values, components: 1, lattice: lattice, sigma: sigma, border: .mirror)
    smoothed = values
    self.lattice = lattice
    let middle = Self.response(rank: rank, scale: unit)
    weights = sigma.map { Float($0 * $0 / middle) }
  }

  /// What the middle of a ball of height 1 answers: the flux of the Gaussian's gradient through its surface.
  private static func response(rank: Double, scale: Double) -> Double {
    // The radius in standard deviations.
    let u = rank.squareRoot() / scale
    let surface = rank == 1 ? 2.0 : rank == 2 ? 2 * Double.pi : 4 * Double.pi
    return surface * pow(u, rank) * exp(-u * u / 2) / pow(2 * Double.pi, rank / 2)
  }

  /// The response at every voxel.
  func everywhere() -> [Float] {
    var result = [Float](repeating: 0, count: lattice.count)
    let source = smoothed.span
    var target = result.mutableSpan
    let strides = [lattice.y * lattice.x, lattice.x, 1]
    for axis in 0..<3 where weights[axis] > 0 {
      let (length, stride, weight) = (lattice.lengths[axis], strides[axis], weights[axis])
      if axis == 2 {
        for row in 0..<lattice.z * lattice.y {
          let first = row * length
          for x in 0..<length {
            let i = first + x
            let here = source[i]
            let before = x > 0 ? source[i - 1] : here
            let after = x + 1 < length ? source[i + 1] : here
            target[i] += weight * ((here - before) + (here - after))
          }
        }
        continue
      }
      let lines = axis == 0 ? 1 : lattice.z
      for line in 0..<lines {
        for k in 0..<length {
          let first = line * lattice.y * lattice.x + k * stride
          let (down, up) = (k > 0 ? -stride : 0, k + 1 < length ? stride : 0)
          for i in first..<first + stride {
            let here = source[i]
            target[i] += weight * ((here - source[i + down]) + (here - source[i + up]))
          }
        }
      }
    }
    return result
  }

  /// The response at one voxel.
  func at(_ voxel: Seed) -> Float {
    let place = [voxel.z, voxel.y, voxel.x]
    let strides = [lattice.y * lattice.x, lattice.x, 1]
    let i = voxel.z * strides[0] + voxel.y * strides[1] + voxel.x
    var sum: Float = 0
    for axis in 0..<3 where weights[axis] > 0 {
      let before = place[axis] > 0 ? smoothed[i - strides[axis]] : smoothed[i]
      let after = place[axis] + 1 < lattice.lengths[axis] ? smoothed[i + strides[axis]] : smoothed[i]
      sum += weights[axis] * ((smoothed[i] - before) + (smoothed[i] - after))
    }
    return sum
  }
}
