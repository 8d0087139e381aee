// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
package import Volumes

extension LevelImage {
  /// The standard deviation of noise, from what a voxel differs by from the mean of its face neighbours (Gasser et al., Biometrika 73,
  /// 1986), its median over voxels whose neighbourhood is not flat: structure is sparse there, noise is everywhere. Looks at 300 thousand
  /// voxels at the most.
  func noise(_ n: Lattice) -> Double {
    let strides = [n.y * n.x, n.x, 1]
    let axes = (0..<3).filter { n.lengths[$0] > 2 }
    guard !axes.isEmpty else { return 0 }
    let share = 1 / Float(2 * axes.count)
    var step = 2
    while axes.reduce(1, { $0 * n.lengths[$1] / step }) > 300_000 { step += 1 }
    var residuals: [Float] = []
    for z in stride(from: n.z > 2 ? 1 : 0, to: max(n.z - 1, 1), by: step) {
      for y in stride(from: n.y > 2 ? 1 : 0, to: max(n.y - 1, 1), by: step) {
        for x in stride(from: n.x > 2 ? 1 : 0, to: max(n.x - 1, 1), by: step) {
          let i = (z * n.y + y) * n.x + x
          var sum: Float = 0
          var count: UInt8 = valid[i]
          for axis in axes {
            sum += values[i - strides[axis]] + values[i + strides[axis]]
            count &= valid[i - strides[axis]] & valid[i + strides[axis]]
          }
          let residual = abs(values[i] - share * sum)
          if count != 0, residual > 1e-4 { residuals.append(residual) }
        }
      }
    }
    guard !residuals.isEmpty else { return 0 }
    let spread = 1 + 1 / Double(2 * axes.count)
    return Double(residuals.selected(residuals.count / 2)) / 0.6745 / spread.squareRoot()
  }
}

/// The standard deviation of an image's noise, all of whose voxels count; to test against noise that is known.
package func noise(of image: VoxelBuffer<Float>) -> Double {
  LevelImage(values: image.elements, valid: [UInt8](repeating: 1, count: image.count)).noise(Lattice(image.extent))
}
