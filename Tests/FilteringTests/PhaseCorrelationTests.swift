// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

@Suite struct PhaseCorrelationTests {
  private func noise(_ extent: Extent, seed: UInt64) -> VoxelBuffer<Float> {
    var generator = SeededGenerator(seed: seed)
    return VoxelBuffer(extent: extent, elements: (0..<extent.count).map { _ in Float.random(in: -1...1, using: &generator) })
  }

  /// `source(x)` at `x + shift`, zero beyond it.
  private func shifted(_ source: VoxelBuffer<Float>, by shift: [Int]) -> VoxelBuffer<Float> {
    var result = VoxelBuffer<Float>(extent: source.extent)
    for index in source.extent.box.indices {
      let from = zip(index, shift).map(-)
      if source.extent.box.contains(from) { result[index] = source[from] }
    }
    return result
  }

  @Test(arguments: [[1, 1, 8], [1, 6, 9], [4, 5, 6], [8, 1, 7]])
  func theInverseUndoesTheForwardTransform(shape: [Int]) {
    let values = noise(Extent(shape), seed: 1).elements
    let back = Spectrum(of: values, shape: shape).inverse()
    for (a, b) in zip(values, back) { #expect(abs(a - b) < 1e-5) }
  }

  @Test func theSpectrumIsTheSumOfItsDefinition() {
    let shape = [2, 3, 4]
    let values = noise(Extent(shape), seed: 2).elements
    let spectrum = Spectrum(of: values, shape: shape)
    for (z, y, x) in [(0, 0, 0), (1, 2, 1), (0, 1, 2), (1, 0, 1)] {
      var real = 0.0
      var imaginary = 0.0
      for i in 0..<values.count {
        let (iz, iy, ix) = (i / 12, i / 4 % 3, i % 4)
        let phase = -2 * Double.pi * (Double(z * iz) / 2 + Double(y * iy) / 3 + Double(x * ix) / 4)
        real += Double(values[i]) * cos(phase)
        imaginary += Double(values[i]) * sin(phase)
      }
      let offset = 2 * ((z * 3 + y) * 3 + x)
      #expect(abs(Double(spectrum.values[offset]) - real) < 1e-4)
      #expect(abs(Double(spectrum.values[offset + 1]) - imaginary) < 1e-4)
    }
  }

  @Test(arguments: [1, 2, 7, 11, 13, 17, 97, 131, 1021])
  func fastLengthsHaveSmallFactors(length: Int) {
    let fast = Spectrum.fastLength(atLeast: length)
    #expect(fast >= length && fast < 2 * length + 2)
    var rest = fast
    for factor in [2, 3, 5] { while rest % factor == 0 { rest /= factor } }
    #expect(rest == 1)
  }

  @Test(arguments: [[0, 0, 0], [3, -5, 7], [-6, 2, -9], [0, 12, 0]])
  func aShiftIsTheStrongestPeak(shift: [Int]) throws {
    let fixed = noise([14, 26, 30], seed: 3)
    let moving = shifted(fixed, by: shift)
    let peak = try #require(phaseCorrelationPeaks(fixed: fixed, moving: moving, count: 4).first)
    #expect(peak.shift == shift)
  }

  @Test func aShiftOfAPlaneIsTheStrongestPeak() throws {
    let fixed = noise([1, 40, 50], seed: 4)
    let moving = shifted(fixed, by: [0, -17, 20])
    let peak = try #require(phaseCorrelationPeaks(fixed: fixed, moving: moving, count: 1).first)
    #expect(peak.shift == [0, -17, 20])
  }

  @Test func imagesOfDifferentExtentsAreMatched() throws {
    let fixed = noise([1, 60, 60], seed: 5)
    let moving = fixed.cropped(to: Box(lower: [0, 20, 10], upper: [1, 55, 50]))
    let peak = try #require(phaseCorrelationPeaks(fixed: fixed, moving: moving, count: 1).first)
    #expect(peak.shift == [0, -20, -10])
  }

  @Test func theOverlapDecidesNotWhatLiesOutsideTheMasks() throws {
    let fixed = noise([1, 48, 48], seed: 6)
    var moving = shifted(fixed, by: [0, 9, -11])
    let ones = VoxelBuffer<Float>(extent: fixed.extent, repeating: 1)
    var movingMask = ones
    // A bright block that is not to be looked at.
    for index in Box(lower: [0, 30, 30], upper: [1, 44, 44]).indices {
      moving[index] = 40
      movingMask[index] = 0
    }
    let peak = try #require(
      maskedCorrelationPeaks(fixed: fixed, fixedMask: ones, moving: moving, movingMask: movingMask, count: 1).first)
    #expect(peak.shift == [0, 9, -11])
    #expect(peak.strength > 0.8 && peak.strength < 1.01)
  }

  @Test func peaksAreFewAndApart() {
    let peaks = phaseCorrelationPeaks(fixed: noise([8, 16, 16], seed: 7), moving: noise([8, 16, 16], seed: 8), count: 5)
    #expect(peaks.count == 5)
    for (i, a) in peaks.enumerated() {
      for b in peaks[(i + 1)...] {
        #expect(a.strength >= b.strength)
        #expect(zip(a.shift, b.shift).contains { abs($0 - $1) > 2 })
      }
    }
  }
}
