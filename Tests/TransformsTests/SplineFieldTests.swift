// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import TestSupport
import Testing
import Transforms
import Volumes

struct SplineFieldTests {
  static func field(over box: Box, _ value: (Int, [Int]) -> Double) -> VectorField {
    var field = VectorField(zeros: box.extent)
    for axis in 0..<3 { field[axis] = VoxelBuffer(extent: box.extent, elements: box.indices.map { Float(value(axis, $0)) }) }
    return field
  }

  static func largestDifference(_ a: VectorField, _ b: VectorField) -> Float {
    var largest: Float = 0
    for axis in 0..<3 { largest = zip(a[axis].elements, b[axis].elements).map { abs($0 - $1) }.reduce(largest, max) }
    return largest
  }

  @Test(arguments: 0..<12) func constantAndLinearFieldsAreKept(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let extent = Extent((0..<3).map { _ in Int.random(in: 1...40, using: &random) })
    let lattice = SplineLattice(extent: extent, stride: Int.random(in: 1...5, using: &random))
    let lower = extent.lengths.map { Int.random(in: 0..<$0, using: &random) }
    let box = Box(lower: lower, upper: zip(lower, extent.lengths).map { Int.random(in: $0 + 1...$1, using: &random) })
    let slope = (0..<9).map { _ in Double.random(in: -0.2...0.2, using: &random) }
    let dense = Self.field(over: box) { axis, voxel in
      Double(axis) - 3 + (0..<3).map { extent[$0] == 1 ? 0 : slope[3 * axis + $0] * Double(voxel[$0]) }.reduce(0, +)
    }
    let fitted = SplineField.fitting(dense, over: box, on: lattice)
    #expect(Self.largestDifference(fitted.dense(over: box), dense) < 2e-3)
  }

  /// Sizes about those of the parts that threads share: 64 lines, 512 neighbours, 16 thousand values.
  @Test(arguments: [[1, 700, 130], [5, 600, 70], [40, 3, 200], [70, 65, 66]])
  func threadsChangeNeitherAFitNorItsExpansion(lengths: [Int]) {
    var random = SeededGenerator(seed: 5)
    let box = Extent(lengths).box
    let lattice = SplineLattice(extent: box.extent, stride: 3)
    let dense = Self.field(over: box) { _, _ in Double.random(in: -3...3, using: &random) }
    let one = SplineField.fitting(dense, over: box, on: lattice)
    let three = SplineField.fitting(dense, over: box, on: lattice, threads: 3)
    #expect(one == three)
    let expanded = one.dense(over: box)
    #expect(expanded == one.dense(over: box, threads: 3))
    for voxel in box.indices.shuffled(using: &random).prefix(200) {
      let alone = one.displacement(at: voxel.map(Double.init))
      for axis in 0..<3 { #expect(abs(Double(expanded[axis][voxel]) - alone[axis]) < 1e-4) }
    }
  }

  @Test func storingAtStrideFourLosesLessThanTwoHundredthsOfAVoxel() {
    // Displacements of 2 voxels that vary over 24 voxels, as the regularised engine gives them.
    let box: Box = Extent([40, 48, 56]).box
    let dense = Self.field(over: box) { axis, voxel in
      let phase = 2 * Double.pi / 24 * Double(voxel[axis]) + Double(axis)
      return 2 * sin(phase) * cos(2 * Double.pi / 48 * Double(voxel[(axis + 1) % 3]))
    }
    let fitted = SplineField.fitting(dense, over: box, on: SplineLattice(extent: box.extent, stride: 4))
    #expect(Self.largestDifference(fitted.dense(over: box), dense) < 0.02)
  }

  /// Samples of every second voxel's corner, as a coarser lattice has them, in a box inside the volume and in a plane.
  @Test(arguments: [[40, 48, 56], [1, 48, 56]]) func aSmoothFieldIsFoundFromItsSamplesAsFromAllItsVoxels(lengths: [Int]) {
    let extent = Extent(lengths)
    let lattice = SplineLattice(extent: extent, stride: 4)
    let box = Box(lower: [0, 8, 4], upper: [extent[0], 48, 50])
    func field(_ axis: Int, _ at: [Double]) -> Double { 2 * sin(2 * Double.pi / 40 * at[axis] + Double(axis)) * cos(0.1 * at[2]) }
    let dense = Self.field(over: box) { axis, voxel in field(axis, voxel.map(Double.init)) }
    let steps = lengths.map { $0 > 1 ? 2.0 : 1 }
    let first = zip(box.lower, steps).map { Double($0) + ($1 - 1) / 2 }
    let places = Box(lower: [0, 0, 0], upper: zip(box.extent.lengths, steps).map { $0 / Int($1) })
    let samples = Self.field(over: places) { axis, index in field(axis, (0..<3).map { first[$0] + steps[$0] * Double(index[$0]) }) }
    let fromAll = SplineField.fitting(dense, over: box, on: lattice)
    let fromSamples = SplineField.fitting(samples: samples, first: first, steps: steps, over: box, on: lattice)
    #expect(fromSamples.region == fromAll.region)
    #expect(Self.largestDifference(fromSamples.dense(over: box), fromAll.dense(over: box)) < 0.01)
  }

  @Test(arguments: 0..<10) func pointAndDenseEvaluationAgree(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let extent = Extent(seed % 2 == 0 ? [17, 23, 30] : [1, 23, 30])
    let lattice = SplineLattice(extent: extent, stride: 4)
    var coefficients = VectorField(zeros: lattice.box.extent)
    for axis in 0..<3 {
      for i in coefficients[axis].elements.indices { coefficients[axis].elements[i] = Float.random(in: -3...3, using: &random) }
    }
    let field = SplineField(lattice: lattice, region: lattice.box, coefficients: coefficients)
    let lower = extent.lengths.map { Int.random(in: 0..<$0, using: &random) }
    let box = Box(lower: lower, upper: zip(lower, extent.lengths).map { Int.random(in: $0 + 1...$1, using: &random) })
    let dense = field.dense(over: box)
    for (offset, voxel) in box.indices.enumerated() {
      let point = field.displacement(at: voxel.map(Double.init))
      for axis in 0..<3 { #expect(abs(Float(point[axis]) - dense[axis].elements[offset]) < 1e-4) }
    }
  }

  @Test func theControlPointsOfABoxTouchThatBox() {
    let lattice = SplineLattice(extent: [30, 1, 41], stride: 4)
    for voxel in lattice.extent.box.indices {
      let box = Box(lower: voxel, extent: [1, 1, 1])
      #expect(lattice.box.contains(lattice.controlPoints(for: box)))
      #expect(lattice.voxels(touchedBy: lattice.controlPoints(for: box)).contains(box))
    }
  }
}
