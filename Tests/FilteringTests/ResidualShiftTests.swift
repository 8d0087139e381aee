// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

@Suite struct ResidualShiftTests {
  /// Smoothed noise: structure of a few voxels.
  private func texture(_ extent: Extent, seed: UInt64) -> VoxelBuffer<Float> {
    var generator = SeededGenerator(seed: seed)
    let noise = VoxelBuffer<Float>(extent: extent, elements: (0..<extent.count).map { _ in Float.random(in: -1...1, using: &generator) })
    return smoothed(noise, sigma: extent.lengths.map { $0 > 1 ? 1.2 : 0 })
  }

  /// `source(x - shift)`, by linear interpolation.
  private func moved(_ source: VoxelBuffer<Float>, by shift: [Double]) -> VoxelBuffer<Float> {
    func constant(_ axis: Int) -> VoxelBuffer<Float> { VoxelBuffer(extent: source.extent, repeating: Float(-shift[axis])) }
    return warped(source, by: VectorField(z: constant(0), y: constant(1), x: constant(2)), outside: 0).values
  }

  private func found(
    _ fixed: VoxelBuffer<Float>, _ moving: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>? = nil, margin: Int = 8
  ) -> ResidualShift? {
    let inner = fixed.extent.box.expanded(by: fixed.extent.lengths.map { $0 > 1 ? -margin : 0 })
    var target = locallyNormalized(fixed, mask: mask)
    if let mask { for i in target.elements.indices where mask.elements[i] == 0 { target.elements[i] = 0 } }
    return residualShift(fixed: target, moving: locallyNormalized(moving), in: inner)
  }

  @Test(arguments: [
    ([40, 40, 40], [0.0, 0, 0]), ([40, 40, 40], [1, -2, 4]), ([40, 44, 48], [0.5, 1.3, -0.7]), ([1, 80, 80], [0, -3, 2]),
  ])
  func theShiftOfAMovedImageIsFound(lengths: [Int], shift: [Double]) throws {
    let fixed = texture(Extent(lengths), seed: 3)
    let result = try #require(found(fixed, moved(fixed, by: shift)))
    for (a, b) in zip(result.shift, shift) { #expect(abs(a - b) < 0.15, "\(result.shift), not \(shift)") }
    #expect(result.sharpness > 10 && result.peak > 0.8)
    #expect(result.length > 1 || abs(result.correlation - result.peak) < 0.01)
  }

  @Test func lightAndGainDoNotMatter() throws {
    let fixed = texture([40, 40, 40], seed: 4)
    var lit = moved(fixed, by: [1, 0, -2])
    for (offset, index) in lit.extent.box.indices.enumerated() {
      lit.elements[offset] = (lit.elements[offset] + 3) * (20 + Float(index[2])) + 1000
    }
    let result = try #require(found(fixed, lit))
    for (a, b) in zip(result.shift, [1.0, 0, -2]) { #expect(abs(a - b) < 0.2, "\(result.shift)") }
  }

  @Test func unlikeImagesHaveNoSharpPeak() throws {
    for seed in 0..<20 {
      let result = try #require(found(texture([36, 36, 36], seed: UInt64(seed)), texture([36, 36, 36], seed: 1000 + UInt64(seed))))
      #expect(result.sharpness < 7 && result.peak < 0.3, "\(result)")
    }
  }

  @Test func onlyWhatTheMaskHoldsIsCompared() throws {
    let fixed = texture([44, 44, 44], seed: 5)
    // Two halves that moved differently.
    let (one, other) = (moved(fixed, by: [0, 0, 2]), moved(fixed, by: [0, 0, -2]))
    var moving = one
    var mask = VoxelBuffer<UInt8>(extent: fixed.extent)
    for (offset, index) in fixed.extent.box.indices.enumerated() {
      if index[0] < 22 { mask.elements[offset] = 1 } else { moving.elements[offset] = other.elements[offset] }
    }
    let result = try #require(found(fixed, moving, mask: mask))
    #expect(abs(result.shift[2] - 2) < 0.2, "\(result.shift)")
  }

  @Test func strongStructureBesideThinTissueAttractsNoShift() throws {
    let fixed = texture([44, 44, 44], seed: 7)
    // Next to a thin layer that is compared lies much that is not, many times as strong.
    var mask = VoxelBuffer<UInt8>(extent: fixed.extent)
    var (target, moving) = (fixed, fixed)
    for (offset, index) in fixed.extent.box.indices.enumerated() {
      if index[0] < 14 { mask.elements[offset] = 1 } else { target.elements[offset] = 0 }
      if index[0] >= 14 { moving.elements[offset] *= 5 }
    }
    let result = try #require(residualShift(fixed: target, moving: moving, in: Box(lower: [8, 8, 8], upper: [36, 36, 36])))
    #expect(result.length < 0.2 && result.peak > 0.8, "\(result)")
  }

  @Test func theRestSpeaksWhereTheMovingImageLacksHalf() throws {
    let fixed = texture([44, 44, 44], seed: 8)
    var moving = fixed
    for (offset, index) in fixed.extent.box.indices.enumerated() where index[1] < 22 { moving.elements[offset] = 0 }
    let half = try #require(found(fixed, moving))
    #expect(half.length < 0.2 && !half.isAtBorder)
  }

  @Test func nothingIsFoundWhereThereIsNothing() {
    let fixed = texture([30, 30, 30], seed: 6)
    #expect(found(fixed, VoxelBuffer(extent: fixed.extent, repeating: 7)) == nil)
    #expect(found(fixed, fixed, mask: VoxelBuffer(extent: fixed.extent)) == nil)
  }
}
