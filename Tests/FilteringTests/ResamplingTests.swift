// SPDX-License-Identifier: Apache-2.0

import Filtering
import Grids
import TestSupport
import Testing
import Volumes

struct ResamplingTests {
  let extent: Extent = [5, 6, 7]

  @Test(arguments: Interpolation.allCases) func noDisplacementLeavesTheBytes(interpolation: Interpolation) {
    let image = noise([7, 9, 40], seed: 3)
    let result = warped(image, by: VectorField(zeros: image.extent), interpolation: interpolation)
    #expect(result.values == image)
    #expect(result.valid.elements.allSatisfy { $0 == 1 })
  }

  @Test(arguments: Interpolation.allCases) func aWholeVoxelShiftMovesVoxels(interpolation: Interpolation) {
    let image = noise(extent, seed: 4)
    var field = VectorField(zeros: extent)
    field.y = VoxelBuffer(extent: extent, repeating: 1)
    field.x = VoxelBuffer(extent: extent, repeating: -2)
    let result = warped(image, by: field, interpolation: interpolation, outside: -9)
    for index in extent.box.indices {
      let from = [index[0], index[1] + 1, index[2] - 2]
      let inside = extent.box.contains(from)
      #expect(result.values[index] == (inside ? image[from] : -9))
      #expect(result.valid[index] == (inside ? 1 : 0))
    }
  }

  @Test func linearInterpolationIsExactOnLinearImages() {
    let image = filled(extent) { 3 * $0[0] - 2 * $0[1] + 0.5 * $0[2] }
    let (z, y, x): (Float, Float, Float) = (1.3, 2.6, 4.7)
    let one: Extent = [1, 1, 1]
    let at = VectorField(
      z: VoxelBuffer(extent: one, repeating: z), y: VoxelBuffer(extent: one, repeating: y), x: VoxelBuffer(extent: one, repeating: x))
    for interpolation in [Interpolation.linear, .cubic] {
      let value = resampled(image, at: at, interpolation: interpolation).values.elements[0]
      #expect(abs(value - (3 * z - 2 * y + 0.5 * x)) < 1e-5)
    }
  }

  @Test func cubicInterpolationIsExactOnParabolasAwayFromTheBorder() {
    let image = filled([1, 9, 9]) { $0[1] * $0[1] - 0.5 * $0[1] * $0[2] + 2 * $0[2] * $0[2] }
    let one: Extent = [1, 1, 1]
    let at = VectorField(
      z: VoxelBuffer(extent: one), y: VoxelBuffer(extent: one, repeating: 3.25), x: VoxelBuffer(extent: one, repeating: 4.6))
    let value = resampled(image, at: at, interpolation: .cubic).values.elements[0]
    let expected: Float = 3.25 * 3.25 - 0.5 * 3.25 * 4.6 + 2 * 4.6 * 4.6
    #expect(abs(value - expected) < 1e-3)
  }

  @Test func positionsThatAreNotNumbersLieOutside() {
    let image = VoxelBuffer<Float>(extent: extent, repeating: 1)
    let row: Extent = [1, 1, 3]
    let at = VectorField(
      z: VoxelBuffer(extent: row, elements: [0, .nan, 1]), y: VoxelBuffer(extent: row, elements: [0, 0, .infinity]),
      x: VoxelBuffer(extent: row))
    for interpolation in Interpolation.allCases {
      let result = resampled(image, at: at, interpolation: interpolation, outside: 5)
      #expect(result.values.elements == [1, 5, 5])
      #expect(result.valid.elements == [1, 0, 0])
    }
    let labels = nearest(VoxelBuffer<UInt32>(extent: extent, repeating: 4_000_000_001), at: at, outside: 7)
    #expect(labels.elements == [4_000_000_001, 7, 7])
  }

  @Test func labelsAreNeverMixed() {
    var random = SeededGenerator(seed: 5)
    let labels = VoxelBuffer<UInt32>(
      extent: extent, elements: (0..<extent.count).map { _ in UInt32.random(in: 0...UInt32.max, using: &random) })
    let field = VectorField(z: noise(extent, seed: 6), y: noise(extent, seed: 7), x: noise(extent, seed: 8))
    var at = field
    for index in extent.box.indices {
      for axis in 0..<3 { at[axis][index] += Float(index[axis]) }
    }
    let result = nearest(labels, at: at)
    for index in extent.box.indices {
      let from = (0..<3).map { Int(at[$0][index].rounded(.toNearestOrEven)) }
      #expect(result[index] == (extent.box.contains(from) ? labels[from] : 0))
    }
  }

  @Test func threadsChangeNothing() {
    let image = noise([30, 40, 50], seed: 9)
    let field = VectorField(z: noise(image.extent, seed: 1), y: noise(image.extent, seed: 2), x: noise(image.extent, seed: 3))
    let one = warped(image, by: field, threads: 1)
    let four = warped(image, by: field, threads: 4)
    #expect(one.values == four.values && one.valid == four.valid)
  }
}
