// SPDX-License-Identifier: Apache-2.0

import Filtering
import Grids
import TestSupport
import Testing
import Volumes

/// Eight or, where the processor has AVX-512, sixteen points of a row are interpolated at once, in ways that go by how far neighbours are
/// torn apart: each is held against a point by itself.
struct LinearInterpolationTests {
  enum Map: CaseIterable {
    case smooth, steep, torn
  }

  /// A point of an image, in the order of the kernel: along x, y, z; a neighbour of weight 0 has no say.
  private func value(_ image: VoxelBuffer<Float>, _ point: [Float]) -> Float {
    var (lower, fractions): ([Int], [Float]) = ([], [])
    for (at, count) in zip(point, image.extent.lengths) {
      let inside = min(at > 0 ? at : 0, Float(count - 1))
      lower.append(min(Int(inside), max(0, count - 2)))
      fractions.append(inside - Float(lower[lower.count - 1]))
    }
    func between(_ a: Float, _ b: Float, _ fraction: Float) -> Float { fraction > 0 ? a + fraction * (b - a) : a }
    func corner(_ z: Int, _ y: Int, _ x: Int) -> Float {
      image[zip(zip(lower, [z, y, x]).map(+), image.extent.lengths).map { min($0, $1 - 1) }]
    }
    func row(_ z: Int, _ y: Int) -> Float { between(corner(z, y, 0), corner(z, y, 1), fractions[2]) }
    func plane(_ z: Int) -> Float { between(row(z, 0), row(z, 1), fractions[1]) }
    return between(plane(0), plane(1), fractions[0])
  }

  private func isInside(_ point: [Float], _ extent: Extent) -> Bool {
    zip(point, extent.lengths).allSatisfy { $0 >= -1e-3 && $0 <= Float($1 - 1) + 1e-3 }
  }

  /// Absolute positions, a few of them not finite.
  private func points(_ map: Map, _ extent: Extent, in image: Extent, _ random: inout SeededGenerator) -> VectorField {
    var points = VectorField(zeros: extent)
    let slope: Float = map == .smooth ? 0.02 : 0.2
    for axis in 0..<3 {
      let start = Float.random(in: -2...Float(image[axis]), using: &random)
      let slopes = (0..<3).map { _ in Float.random(in: -slope...slope, using: &random) }
      for index in extent.box.indices {
        var at = start + (axis == 2 ? Float(index[2]) : 0)
        for k in 0..<3 { at += slopes[k] * Float(index[k]) }
        if map == .torn { at = Float.random(in: -2...Float(image[axis]) + 1, using: &random) }
        if Int.random(in: 0..<8, using: &random) == 0 { at = at.rounded() }
        if Int.random(in: 0..<60, using: &random) == 0 { at = [.nan, .infinity, -.infinity, 1e30].randomElement(using: &random)! }
        points[axis][index] = at
      }
    }
    return points
  }

  @Test(arguments: Map.allCases, [false, true]) func eightPointsAtOnceAreEachByItself(map: Map, hasHoles: Bool) {
    var random = SeededGenerator(seed: hasHoles ? 11 : 12)
    for _ in 0..<150 {
      let image = Extent([
        Int.random(in: 1...6, using: &random), Int.random(in: 1...7, using: &random), Int.random(in: 1...40, using: &random),
      ])
      let row = Extent([
        Int.random(in: 1...2, using: &random), Int.random(in: 1...3, using: &random), Int.random(in: 1...35, using: &random),
      ])
      var values = noise(image, seed: .random(in: 0..<1000, using: &random))
      if hasHoles { for index in image.box.indices where Int.random(in: 0..<10, using: &random) == 0 { values[index] = .nan } }
      let at = points(map, row, in: image, &random)
      let result = resampled(values, at: at, outside: -7)
      for index in row.box.indices {
        let point = (0..<3).map { at[$0][index] }
        let (inside, found) = (isInside(point, image), result.values[index])
        let expected = inside ? value(values, point) : -7
        #expect(result.valid[index] == (inside ? 1 : 0))
        #expect(found == expected || (found.isNaN && expected.isNaN), "\(point) of \(image): \(found), by itself \(expected)")
      }
    }
  }

  @Test(arguments: Map.allCases, [false, true]) func composedPointsAreEachByItself(map: Map, hasHoles: Bool) {
    var random = SeededGenerator(seed: hasHoles ? 13 : 14)
    for _ in 0..<100 {
      let extent = Extent([
        Int.random(in: 1...8, using: &random), Int.random(in: 1...9, using: &random), Int.random(in: 1...70, using: &random),
      ])
      let (scale, noisy): (Float, Float) = map == .smooth ? (0.02, 0.01) : map == .steep ? (0.1, 0.2) : (0, 9)
      var (inner, outer) = (VectorField(zeros: extent), VectorField(zeros: extent))
      for axis in 0..<3 {
        outer[axis] = noise(extent, seed: .random(in: 0..<1000, using: &random))
        if hasHoles { for index in extent.box.indices where Int.random(in: 0..<10, using: &random) == 0 { outer[axis][index] = .nan } }
        let slopes = (0..<3).map { _ in Float.random(in: -scale...scale, using: &random) }
        for index in extent.box.indices {
          var move = Float.random(in: -noisy...noisy, using: &random)
          for k in 0..<3 { move += slopes[k] * Float(index[k]) }
          if Int.random(in: 0..<8, using: &random) == 0 { move = move.rounded() }
          if map == .torn, Int.random(in: 0..<60, using: &random) == 0 {
            move = [.infinity, -.infinity, 1e30].randomElement(using: &random)!
          }
          inner[axis][index] = move
        }
      }
      let result = composed(outer: outer, inner: inner)
      for index in extent.box.indices {
        let point = (0..<3).map { Float(index[$0]) + inner[$0][index] }
        for axis in 0..<3 {
          let (found, expected) = (result[axis][index], inner[axis][index] + value(outer[axis], point))
          #expect(found == expected || (found.isNaN && expected.isNaN), "\(point) of \(extent): \(found), by itself \(expected)")
        }
      }
    }
  }

  @Test func anInverseOfAnyWidthLeadsBack() {
    for width in [1, 2, 3, 7, 8, 9, 15, 16, 17, 31] {
      let extent: Extent = [4, 5, width]
      var field = VectorField(zeros: extent)
      for axis in 0..<3 where extent[axis] > 1 {
        for index in extent.box.indices {
          field[axis][index] = 0.2 * Float(index[axis] * (extent[axis] - 1 - index[axis])) / Float(extent[axis])
        }
      }
      let inverse = inverted(field, tolerance: 1e-4, iterations: 100)
      #expect(inverse.maximumResidual <= 1e-4)
      let round = composed(outer: field, inner: inverse.field)
      for axis in 0..<3 { #expect(round[axis].elements.allSatisfy { abs($0) < 2e-4 }) }
    }
  }
}
