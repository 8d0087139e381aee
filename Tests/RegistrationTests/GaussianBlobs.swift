// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import TestSupport
import Volumes

/// A smooth image that is known everywhere: a sum of Gaussians, in world units, so that any map of it is exact.
struct GaussianBlobs {
  private let rank: Int
  /// Coordinates of one blob after another.
  private let centres: [Double]
  /// `1 / width²` of each.
  private let precisions: [Double]
  private let heights: [Double]

  /// Blobs inside a box of world points.
  init(count: Int, lower: [Double], upper: [Double], widths range: ClosedRange<Double>, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    rank = lower.count
    centres = (0..<count).flatMap { _ in zip(lower, upper).map { Double.random(in: $0...$1, using: &generator) } }
    precisions = (0..<count).map { _ in pow(Double.random(in: range, using: &generator), -2) }
    heights = (0..<count).map { _ in Double.random(in: 0.3...1, using: &generator) }
  }

  /// The sum at a world point.
  func value(at point: [Double]) -> Double {
    var sum = 0.0
    for i in heights.indices {
      var squared = 0.0
      for axis in 0..<rank {
        let along = point[axis] - centres[i * rank + axis]
        squared += along * along
      }
      let scaled = squared * precisions[i]
      if scaled < 30 { sum += heights[i] * exp(-0.5 * scaled) }
    }
    return sum
  }

  /// The image on a lattice; each voxel shows the world point that `map` takes it to.
  func volume(_ extent: Extent, _ space: PhysicalSpace, through map: ([Double]) -> [Double] = { $0 }) -> Volume {
    var voxels = VoxelBuffer<Float>(extent: extent)
    for (i, index) in extent.box.indices.enumerated() {
      voxels.elements[i] = Float(100 * value(at: map(space.world(of: index.map(Double.init)))))
    }
    return Volume(voxels: voxels, space: space)
  }
}

/// The distance of two points.
func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() }
