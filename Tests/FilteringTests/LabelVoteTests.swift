// SPDX-License-Identifier: Apache-2.0

import Filtering
import Grids
import TestSupport
import Testing
import Volumes

/// Labels by the weight that each has about a position.
struct LabelVoteTests {
  private static let extent: Extent = [5, 6, 7]

  private static func labels<Label: VoxelScalar & FixedWidthInteger>(_ kinds: Int, seed: UInt64, as type: Label.Type) -> VoxelBuffer<Label>
  {
    var random = SeededGenerator(seed: seed)
    // The greatest ones: what no floating-point number tells apart.
    return VoxelBuffer(
      extent: extent, elements: (0..<extent.count).map { _ in Label.max - Label(Int.random(in: 0..<kinds, using: &random)) })
  }

  private static func places(_ count: Int, seed: UInt64, beyond: Float = 0) -> VectorField {
    var random = SeededGenerator(seed: seed)
    func axis(_ axis: Int) -> VoxelBuffer<Float> {
      VoxelBuffer(
        extent: [1, 1, count],
        elements: (0..<count).map { _ in .random(in: -beyond...Float(extent[axis] - 1) + beyond, using: &random) })
    }
    return VectorField(z: axis(0), y: axis(1), x: axis(2))
  }

  @Test func aLabelVoteOfOneLabelIsItself() {
    let one = VoxelBuffer<UInt64>(extent: Self.extent, repeating: .max - 1)
    #expect(voted(one, at: Self.places(500, seed: 1, beyond: 0.5)).elements.allSatisfy { $0 == .max - 1 })
  }

  @Test func atACentreItIsTheLabelThere() {
    let labels = Self.labels(1000, seed: 2, as: UInt32.self)
    var at = VectorField(zeros: Self.extent)
    for index in Self.extent.box.indices { for axis in 0..<3 { at[axis][index] = Float(index[axis]) } }
    #expect(voted(labels, at: at) == labels)
  }

  @Test(arguments: [2, 3, 40]) func theLargestWeightWins(kinds: Int) {
    let labels = Self.labels(kinds, seed: 3, as: UInt64.self)
    let at = Self.places(2000, seed: 4)
    let found = voted(labels, at: at)
    for i in 0..<at.x.count {
      let place = (0..<3).map { Double(at[$0].elements[i]) }
      var weights: [UInt64: Double] = [:]
      for corner in Box(lower: [0, 0, 0], upper: [2, 2, 2]).indices {
        let first = place.map { Int($0) }
        let voxel = (0..<3).map { min(first[$0] + corner[$0], Self.extent[$0] - 1) }
        let weight = (0..<3).map { corner[$0] == 1 ? place[$0] - Double(first[$0]) : 1 - place[$0] + Double(first[$0]) }
        weights[labels[voxel], default: 0] += weight.reduce(1, *)
      }
      #expect(weights[found.elements[i]] ?? 0 > weights.values.max()! - 1e-12)
    }
  }

  @Test func ofEqualWeightsTheSmallestLabelWins() {
    let pair = VoxelBuffer<Int16>(extent: [1, 1, 2], elements: [7, -3])
    let middle = VectorField(
      z: VoxelBuffer(extent: [1, 1, 1]), y: VoxelBuffer(extent: [1, 1, 1]), x: VoxelBuffer(extent: [1, 1, 1], repeating: 0.5))
    #expect(voted(pair, at: middle).elements == [-3])
    let eight = VoxelBuffer<UInt8>(extent: [2, 2, 2], elements: [9, 4, 6, 8, 200, 5, 11, 7])
    let half = VoxelBuffer<Float>(extent: [1, 1, 1], repeating: 0.5)
    #expect(voted(eight, at: VectorField(z: half, y: half, x: half)).elements == [4])
  }

  /// Four small weights of one label outweigh the nearest voxel of another.
  @Test func manySmallWeightsOutweighTheNearest() {
    let square = VoxelBuffer<UInt8>(extent: [1, 2, 2], elements: [1, 2, 2, 2])
    let at = VectorField(
      z: VoxelBuffer(extent: [1, 1, 1]), y: VoxelBuffer(extent: [1, 1, 1], repeating: 0.4),
      x: VoxelBuffer(extent: [1, 1, 1], repeating: 0.4))
    #expect(nearest(square, at: at).elements == [1] && voted(square, at: at).elements == [2])
  }

  @Test func whatLiesOutsideIsNoLabel() {
    let row: Extent = [1, 1, 5]
    let at = VectorField(
      z: VoxelBuffer(extent: row, elements: [0, .nan, 0, 0, 0]), y: VoxelBuffer(extent: row),
      x: VoxelBuffer(extent: row, elements: [-0.5, 0, -0.51, 6.5, .infinity]))
    #expect(voted(VoxelBuffer<UInt8>(extent: Self.extent, repeating: 3), at: at, outside: 9).elements == [3, 9, 9, 3, 9])
  }
}
