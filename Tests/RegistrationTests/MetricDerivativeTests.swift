// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Registration
import TestSupport
import Testing
import Volumes

struct MetricDerivativeTests {
  /// The derivative along a displacement, against the difference of the metric with the image moved a little along its slope.
  @Test(
    arguments: [DeformableMetric.lncc(radius: 1), .lncc(radius: 2), .lncc(radius: 3), .meanSquares, .mutualInformation(bins: 16)],
    [[9, 11, 13], [1, 24, 21]])
  func theDerivativeIsTheFiniteDifference(metric: DeformableMetric, lengths: [Int]) {
    let extent = Extent(lengths)
    let fixed = pattern(extent, shift: 0)
    let warped = pattern(extent, shift: 0.8)
    var random = SeededGenerator(seed: 11)
    let way = (0..<3).map { axis in
      VoxelBuffer<Float>(
        extent: extent, elements: (0..<extent.count).map { _ in extent[axis] > 1 ? Float.random(in: -1...1, using: &random) : 0 })
    }
    let result = metricDerivative(metric, fixed: fixed, warped: warped)
    let slope = gradient(of: warped)
    var expected = 0.0
    var change = [Float](repeating: 0, count: extent.count)
    for axis in 0..<3 {
      for i in change.indices {
        expected += Double(result.derivative[axis].elements[i]) * Double(way[axis].elements[i])
        change[i] += slope[axis].elements[i] * way[axis].elements[i]
      }
    }
    // Histogram bins follow the least and the greatest voxel, which therefore stay.
    let ends = [warped.elements.firstIndex(of: warped.elements.min()!)!, warped.elements.firstIndex(of: warped.elements.max()!)!]
    for end in ends {
      change[end] = 0
      for axis in 0..<3 { expected -= Double(result.derivative[axis].elements[end]) * Double(way[axis].elements[end]) }
    }
    func value(_ step: Float) -> Double {
      let moved = VoxelBuffer(extent: extent, elements: zip(warped.elements, change).map { $0 + step * $1 })
      return metricDerivative(metric, fixed: fixed, warped: moved).value
    }
    let step: Float = 0.01
    let difference = (value(step) - value(-step)) / Double(2 * step)
    #expect(abs(difference - expected) < 0.02 * abs(expected) + 1e-5, "\(difference) is not \(expected)")
    #expect(abs(expected) > 1e-4)
  }

  @Test func equalImagesScoreBest() {
    let image = pattern([8, 9, 10], shift: 0)
    #expect(abs(metricDerivative(.lncc(radius: 2), fixed: image, warped: image).value - 1) < 0.05)
    #expect(metricDerivative(.meanSquares, fixed: image, warped: image).value == 0)
    let derivative = metricDerivative(.meanSquares, fixed: image, warped: image).derivative
    #expect((0..<3).allSatisfy { derivative[$0].elements.allSatisfy { $0 == 0 } })
  }

  @Test func anInvertedImageHasNoLocalCorrelationButInformation() {
    let image = pattern([1, 30, 30], shift: 0)
    let inverted = image.mapVoxels { -$0 }
    #expect(metricDerivative(.lncc(radius: 2), fixed: image, warped: inverted).value < 1e-6)
    let same = metricDerivative(.mutualInformation(bins: 16), fixed: image, warped: image).value
    let other = metricDerivative(.mutualInformation(bins: 16), fixed: image, warped: inverted).value
    #expect(abs(same - other) < 0.1 * same)
  }
}

/// A smooth pattern without a period in the lattice, standard deviation about 1, moved along x by `shift` voxels.
func pattern(_ extent: Extent, shift: Float) -> VoxelBuffer<Float> {
  VoxelBuffer(
    extent: extent,
    elements: extent.box.indices.map { index in
      let (z, y, x) = (Float(index[0]), Float(index[1]), Float(index[2]) + shift)
      return sin(0.9 * x + 0.3 * y) + cos(0.7 * y - 0.4 * z + 0.2 * x) + 0.7 * sin(0.8 * z + 0.5 * x + 1)
    })
}
