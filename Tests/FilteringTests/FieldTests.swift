// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Testing
import Volumes

struct FieldTests {
  let extent: Extent = [12, 14, 16]

  func constant(_ z: Float, _ y: Float, _ x: Float) -> VectorField {
    VectorField(
      z: VoxelBuffer(extent: extent, repeating: z), y: VoxelBuffer(extent: extent, repeating: y),
      x: VoxelBuffer(extent: extent, repeating: x))
  }

  /// Waves of the given height, zero at the border.
  func waves(_ extent: Extent, _ height: Float) -> VectorField {
    func wave(_ phase: Float) -> VoxelBuffer<Float> {
      filled(extent) { at in
        let s = zip(at, extent.lengths).map { $1 > 1 ? sin(.pi * $0 / Float($1 - 1)) : 1 }
        return height * s[0] * s[1] * s[2] * cos(phase + at[2] / 4)
      }
    }
    return VectorField(z: extent[0] > 1 ? wave(0) : VoxelBuffer(extent: extent), y: wave(1), x: wave(2))
  }

  @Test func constantFieldsAddUp() {
    let sum = composed(outer: constant(1, 2, -1), inner: constant(0.5, -1, 3))
    #expect(sum == constant(1.5, 1, 2))
  }

  @Test func compositionIsOneMapAfterTheOther() {
    let outer = waves(extent, 1)
    var inner = VectorField(zeros: extent)
    inner.x = VoxelBuffer(extent: extent, repeating: 2)
    let result = composed(outer: outer, inner: inner)
    #expect(result.y[[3, 4, 5]] == outer.y[[3, 4, 7]])
    #expect(result.x[[3, 4, 5]] == outer.x[[3, 4, 7]] + 2)
  }

  @Test(arguments: [[12, 14, 16], [1, 24, 26]]) func anInverseLeadsBack(lengths: [Int]) {
    let field = waves(Extent(lengths), 1.5)
    let inverse = inverted(field, tolerance: 0.001, threads: 2)
    #expect(inverse.maximumResidual <= 0.001)
    // field(y + inverse(y)) + inverse(y) = 0
    let round = composed(outer: field, inner: inverse.field)
    for axis in 0..<3 { #expect(round[axis].elements.allSatisfy { abs($0) < 0.002 }) }
    if lengths[0] == 1 { #expect(inverse.field.z.elements.allSatisfy { $0 == 0 }) }
  }

  @Test func aResidualIsToldWhereThereIsNoInverse() {
    var fold = VectorField(zeros: extent)
    fold.x = filled(extent) { 3 * sin($0[2]) }
    #expect(inverted(fold, iterations: 20).maximumResidual > 0.5)
  }

  @Test func theDeterminantOfALinearMapIsItsOwn() {
    var field = VectorField(zeros: extent)
    field.z = filled(extent) { 0.1 * $0[0] + 0.2 * $0[1] }
    field.y = filled(extent) { 0.3 * $0[1] - 0.1 * $0[2] }
    field.x = filled(extent) { -0.2 * $0[2] + 0.1 * $0[0] }
    // Rows: (1.1, 0.2, 0), (0, 1.3, -0.1), (0.1, 0, 0.8).
    let expected: Float = 1.1 * 1.3 * 0.8 - 0.2 * (0 * 0.8 + 0.1 * 0.1)
    #expect(jacobianDeterminant(of: field).elements.allSatisfy { abs($0 - expected) < 1e-4 })
  }

  @Test func foldsAreCountedInTheirBoxOnly() {
    var field = VectorField(zeros: extent)
    field.x = filled(extent) { $0[2] >= 8 ? -2 * ($0[2] - 8) : 0 }
    let all = folding(of: field)
    #expect(all.minimumDeterminant == -1)
    #expect(abs(all.foldedPercent - 50) < 1e-9)
    let left = folding(of: field, in: Box(lower: [0, 0, 0], upper: [12, 14, 8]))
    #expect(left.minimumDeterminant == 1 && left.foldedPercent == 0)
  }

  @Test func theGradientOfALinearImageIsItsSlope() {
    let image = filled(extent) { 2 * $0[0] - $0[1] + 0.5 * $0[2] }
    let slope = gradient(of: image, spacing: [2, 1, 0.5])
    #expect(slope.z.elements.allSatisfy { abs($0 - 1) < 1e-5 })
    #expect(slope.y.elements.allSatisfy { abs($0 + 1) < 1e-5 })
    #expect(slope.x.elements.allSatisfy { abs($0 - 1) < 1e-5 })
  }

  @Test func onePlaneHasNoSlopeAcrossIt() {
    #expect(gradient(of: noise([1, 9, 9], seed: 1)).z.elements.allSatisfy { $0 == 0 })
  }

  @Test func threadsChangeNothing() {
    let field = waves([40, 50, 60], 2)
    #expect(composed(outer: field, inner: field, threads: 1) == composed(outer: field, inner: field, threads: 3))
    #expect(inverted(field, threads: 1).field == inverted(field, threads: 3).field)
    #expect(jacobianDeterminant(of: field, threads: 1) == jacobianDeterminant(of: field, threads: 3))
  }
}
