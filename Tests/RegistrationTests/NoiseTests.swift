// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Registration
import TestSupport
import Testing
import Volumes

struct NoiseTests {
  /// White noise of a normal distribution on an image.
  private func noisy(_ image: VoxelBuffer<Float>, sigma: Float, seed: UInt64) -> VoxelBuffer<Float> {
    var random = SeededGenerator(seed: seed)
    return image.mapVoxels { value in
      let (a, b) = (Float.random(in: Float.leastNormalMagnitude...1, using: &random), Float.random(in: 0...1, using: &random))
      return value + sigma * (-2 * log(a)).squareRoot() * cos(2 * .pi * b)
    }
  }

  @Test(arguments: [[40, 48, 56], [1, 160, 170]], [Float(0.02), 0.1, 1])
  func whiteNoiseIsMeasured(lengths: [Int], sigma: Float) {
    let measured = noise(of: noisy(VoxelBuffer(extent: Extent(lengths)), sigma: sigma, seed: 5))
    #expect(abs(measured / Double(sigma) - 1) < 0.05, "\(measured) is not \(sigma)")
  }

  /// Blobs of heights up to 1 that are 2 to 3 voxels wide, and a bright block with sharp edges.
  @Test(arguments: [[40, 48, 56], [1, 160, 170]], [Float(0.05), 0.2])
  func structureHasLittleSay(lengths: [Int], sigma: Float) {
    let extent = Extent(lengths)
    var image = DeformablePhantom(extent, amplitude: 0).moving
    for index in Box(lower: lengths.map { $0 / 3 }, upper: lengths.map { max(1, $0 / 2) }).indices { image[index] += 3 }
    let measured = noise(of: noisy(image, sigma: sigma, seed: 6))
    #expect(abs(measured / Double(sigma) - 1) < 0.15, "\(measured) is not \(sigma)")
  }

  @Test func flatGroundDoesNotCount() {
    let extent: Extent = [30, 32, 60]
    var image = noisy(VoxelBuffer(extent: extent), sigma: 0.1, seed: 7)
    for index in Box(lower: [0, 0, 0], upper: [30, 32, 39]).indices { image[index] = 0 }
    #expect(abs(noise(of: image) / 0.1 - 1) < 0.05)
    #expect(noise(of: VoxelBuffer(extent: extent, repeating: 2)) == 0)
  }
}
