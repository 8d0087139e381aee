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
    arguments: [
      DeformableMetric.lncc(radius: 1), .lncc(radius: 2), .lncc(radius: 2, anySign: true), .lncc(radius: 3), .meanSquares,
      .mutualInformation(bins: 16),
    ],
    [
      ([9, 11, 13], [1, 1, 1]), ([1, 24, 21], [1, 1, 1]), ([9, 11, 13], [2, 2, 2]), ([9, 12, 13], [1, 2, 2]), ([1, 24, 21], [1, 2, 2]),
    ])
  func theDerivativeIsTheFiniteDifference(metric: DeformableMetric, lattice: (lengths: [Int], factors: [Int])) {
    let (lengths, factors) = lattice
    let extent = Extent(lengths)
    let fixed = pattern(extent, shift: 0)
    let warped = pattern(extent, shift: 0.8)
    var random = SeededGenerator(seed: 11)
    // A displacement for each cell of the field's lattice.
    let cells = extent.dividedRoundingUp(by: Extent(factors))
    let way = (0..<3).map { axis in
      VoxelBuffer<Float>(
        extent: cells, elements: (0..<cells.count).map { _ in extent[axis] > 1 ? Float.random(in: -1...1, using: &random) : 0 })
    }
    let result = metricDerivative(metric, fixed: fixed, warped: warped, fieldFactors: factors)
    let slope = gradient(of: warped)
    var expected = 0.0
    var change = [Float](repeating: 0, count: extent.count)
    for axis in 0..<3 {
      for cell in cells.box.indices { expected += Double(result.derivative[axis][cell]) * Double(way[axis][cell]) }
      for (i, voxel) in extent.box.indices.enumerated() {
        change[i] += slope[axis].elements[i] * way[axis][zip(voxel, factors).map(/)]
      }
    }
    // Histogram bins follow the least and the greatest voxel: an information whose ends move is another function.
    if case .mutualInformation = metric {
      let ends = [warped.elements.min()!, warped.elements.max()!].map { warped.elements.firstIndex(of: $0)! }
      let alone = metricDerivative(metric, fixed: fixed, warped: warped)
      for end in ends {
        for axis in 0..<3 {
          let cell = zip(Array(extent.box.indices)[end], factors).map(/)
          expected -= Double(alone.derivative[axis].elements[end]) * Double(way[axis][cell])
        }
        change[end] = 0
      }
    }
    func value(_ step: Float) -> Double {
      let moved = VoxelBuffer(extent: extent, elements: zip(warped.elements, change).map { $0 + step * $1 })
      return metricDerivative(metric, fixed: fixed, warped: moved, fieldFactors: factors).value
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
