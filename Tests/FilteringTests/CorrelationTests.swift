// SPDX-License-Identifier: Apache-2.0

import Filtering
import Grids
import Testing
import Volumes

struct CorrelationTests {
  /// Pearson's correlation of the voxels of two images inside a box.
  func reference(_ a: VoxelBuffer<Float>, _ b: VoxelBuffer<Float>, _ box: Box) -> Double {
    let x = a.cropped(to: box).elements.map(Double.init)
    let y = b.cropped(to: box).elements.map(Double.init)
    let n = Double(x.count)
    let (mx, my) = (x.reduce(0, +) / n, y.reduce(0, +) / n)
    let xy = zip(x, y).reduce(0.0) { $0 + ($1.0 - mx) * ($1.1 - my) }
    let xx = x.reduce(0.0) { $0 + ($1 - mx) * ($1 - mx) }
    let yy = y.reduce(0.0) { $0 + ($1 - my) * ($1 - my) }
    return xy / (xx * yy).squareRoot()
  }

  @Test(arguments: [[7, 20, 11], [1, 30, 17], [40, 9, 5]], [1, 2, 4]) func localCorrelationIsThatOfEachWindow(
    lengths: [Int], radius: Int
  ) throws {
    let extent = Extent(lengths)
    let a = noise(extent, seed: 1)
    let b = VoxelBuffer(extent: extent, elements: zip(a.elements, noise(extent, seed: 2).elements).map { 100 + 3 * $0 + $1 })
    let result = localNormalizedCrossCorrelation(a, b, radius: radius, keepMap: true, threads: 2)
    let map = try #require(result.map)
    var sum = 0.0
    for index in extent.box.indices {
      let window = Box(lower: index, upper: index.map { $0 + 1 }).expanded(by: [radius, radius, radius]).intersection(extent.box)
      let expected = reference(a, b, window)
      #expect(abs(Double(map[index]) - expected) < 1e-3)
      sum += expected
    }
    #expect(abs(result.mean - sum / Double(extent.count)) < 1e-3)
    #expect(abs(normalizedCrossCorrelation(a, b) - reference(a, b, extent.box)) < 1e-5)
  }

  @Test func gainAndOffsetDoNotMatter() {
    let a = noise([9, 12, 15], seed: 3)
    let b = a.mapVoxels { 20000 - 0.01 * $0 }
    #expect(abs(localNormalizedCrossCorrelation(a, a.mapVoxels { 5000 + 300 * $0 }).mean - 1) < 1e-3)
    #expect(abs(normalizedCrossCorrelation(a, b) + 1) < 0.05)
  }

  @Test func flatVoxelsDoNotCount() {
    var a = VoxelBuffer<Float>(extent: [3, 40, 40])
    let spot = noise([3, 10, 10], seed: 4)
    a.copy(from: spot, box: spot.extent.box, at: [0, 0, 0])
    let result = localNormalizedCrossCorrelation(a, a, radius: 2)
    #expect(result.count <= 3 * 12 * 12)
    #expect(abs(result.mean - 1) < 1e-2)
    let flat = VoxelBuffer<Float>(extent: a.extent, repeating: 8)
    #expect(localNormalizedCrossCorrelation(a, flat).count == 0)
    #expect(normalizedCrossCorrelation(a, flat) == 0)
  }

  @Test func voxelsThatAreNotNumbersDoNotCount() {
    var a = noise([5, 12, 12], seed: 5)
    let b = a
    a[[2, 5, 5]] = .nan
    a[[0, 0, 0]] = .infinity
    let result = localNormalizedCrossCorrelation(a, b, radius: 1)
    #expect(abs(result.mean - 1) < 1e-3)
    #expect(result.count == a.count - 2)
    #expect(abs(normalizedCrossCorrelation(a, b) - 1) < 1e-5)
  }

  @Test func threadsChangeNothing() {
    let a = noise([40, 80, 60], seed: 6)
    let b = noise([40, 80, 60], seed: 7)
    let one = localNormalizedCrossCorrelation(a, b, keepMap: true, threads: 1)
    let three = localNormalizedCrossCorrelation(a, b, keepMap: true, threads: 3)
    #expect(one.map == three.map && one.mean == three.mean)
  }
}
