// SPDX-License-Identifier: Apache-2.0

import Filtering
import Grids
import TestSupport
import Testing
import Volumes

struct SmoothingTests {
  @Test func aConstantStaysConstant() {
    let image = VoxelBuffer<Float>(extent: [5, 9, 13], repeating: 7)
    let result = smoothed(image, sigma: [1, 2, 3])
    #expect(result.elements.allSatisfy { abs($0 - 7) < 1e-4 })
  }

  @Test func anImpulseSpreadsByTheSquareOfSigma() {
    var image = VoxelBuffer<Float>(extent: [1, 31, 41])
    image[[0, 15, 20]] = 1
    let result = smoothed(image, sigma: [1, 1.5, 2.5])
    var (sum, varianceY, varianceX) = (0.0, 0.0, 0.0)
    for index in result.extent.box.indices {
      let value = Double(result[index])
      sum += value
      varianceY += value * Double((index[1] - 15) * (index[1] - 15))
      varianceX += value * Double((index[2] - 20) * (index[2] - 20))
    }
    #expect(abs(sum - 1) < 1e-4)
    #expect(abs(varianceY - 1.5 * 1.5) < 0.02)
    #expect(abs(varianceX - 2.5 * 2.5) < 0.05)
  }

  @Test func onePlaneSmoothsAsEachOfManyEqualPlanes() {
    let plane = noise([1, 20, 300], seed: 1)
    let many = VoxelBuffer<Float>(extent: [4, 20, 300], elements: (0..<4).flatMap { _ in plane.elements })
    let one = smoothed(plane, sigma: [2, 2, 2])
    let all = smoothed(many, sigma: [0, 2, 2])
    #expect(Array(all.elements.prefix(plane.count)) == one.elements)
  }

  @Test(arguments: [[1, 3, 40], [2, 30, 5], [7, 1, 1]])
  func aMirrorGoesOnAsTheImageAndItsMirrorImages(lengths: [Int]) {
    let extent = Extent(lengths)
    let image = noise(extent, seed: 9)
    let sigma = [1.5, 2, 2.5]
    var values = image.elements
    smooth(&values, components: 1, lattice: Lattice(extent), sigma: sigma, border: .mirror)
    // Eleven images in a row along each axis longer than one voxel, every other one turned.
    let copies = lengths.map { $0 > 1 ? 11 : 1 }
    let wide = Extent(zip(lengths, copies).map(*))
    var padded = VoxelBuffer<Float>(extent: wide)
    for (i, index) in wide.box.indices.enumerated() {
      padded.elements[i] =
        image[
          (0..<3).map { (axis: Int) -> Int in
            let (copy, place) = index[axis].quotientAndRemainder(dividingBy: lengths[axis])
            return copy % 2 == copies[axis] / 2 % 2 ? place : lengths[axis] - 1 - place
          }]
    }
    let middle = Box(lower: (0..<3).map { copies[$0] / 2 * lengths[$0] }, extent: extent)
    let expected = smoothed(padded, sigma: sigma).cropped(to: middle)
    for i in values.indices { #expect(abs(values[i] - expected.elements[i]) < 1e-5) }
  }

  @Test func voxelsThatAreNotNumbersLeaveNoTrace() {
    var image = VoxelBuffer<Float>(extent: [6, 12, 12], repeating: 3)
    image[[2, 3, 4]] = .nan
    image[[5, 11, 11]] = .infinity
    image[[0, 0, 0]] = 1000
    var mask = VoxelBuffer<UInt8>(extent: image.extent, repeating: 1)
    mask[[0, 0, 0]] = 0
    let result = smoothed(image, sigma: [1, 1, 1], mask: mask)
    #expect(result.elements.allSatisfy { abs($0 - 3) < 1e-4 })
  }

  @Test func threadsChangeNothing() {
    let image = noise([40, 33, 130], seed: 2)
    #expect(smoothed(image, sigma: [2, 1, 3], threads: 1) == smoothed(image, sigma: [2, 1, 3], threads: 4))
  }

  @Test func linearFieldsSurviveTheLinearBorder() {
    let lattice = Lattice(z: 6, y: 8, x: 10)
    var values = lattice.extent.box.indices.map { Float($0[0]) + 0.5 * Float($0[1]) - 0.25 * Float($0[2]) }
    let before = values
    smooth(&values, components: 1, lattice: lattice, sigma: [1, 1, 1], border: .linear)
    #expect(zip(values, before).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func linearFieldsSurviveFinerLattices() {
    func line(_ lattice: Lattice, _ factor: Int) -> [Float] {
      lattice.extent.box.indices.map { index in
        let at = index.map { Float($0 * factor) + Float(factor - 1) / 2 }
        return 2 * at[0] - at[1] + 0.5 * at[2]
      }
    }
    let coarse = Lattice(z: 3, y: 4, x: 5)
    let fine = Lattice(z: 6, y: 7, x: 9)
    let result = upsampled(line(coarse, 2).span, from: coarse, to: fine, factors: [2, 2, 2], threads: 1)
    #expect(zip(result, line(fine, 1)).allSatisfy { abs($0 - $1) < 1e-4 })
  }

  @Test func shrinkingAveragesTheVoxelsThatCount() {
    let lattice = Lattice(z: 1, y: 2, x: 5)
    let values: [Float] = [1, 3, 9, 9, 5, 5, 7, 9, 9, 5]
    let valid: [UInt8] = [1, 1, 1, 0, 1, 1, 1, 0, 0, 1]
    let result = shrunk(values, valid: valid, lattice: lattice, factors: [1, 2, 2], threads: 1)
    #expect(result.lattice == Lattice(z: 1, y: 1, x: 3))
    #expect(result.values == [4, 0, 5])
    #expect(result.valid == [1, 0, 1])
  }
}

/// Voxels evenly spread over -1 ... 1.
func noise(_ extent: Extent, seed: UInt64) -> VoxelBuffer<Float> {
  var random = SeededGenerator(seed: seed)
  return VoxelBuffer(extent: extent, elements: (0..<extent.count).map { _ in Float.random(in: -1...1, using: &random) })
}

/// A buffer of `value` at each index.
func filled(_ extent: Extent, _ value: ([Float]) -> Float) -> VoxelBuffer<Float> {
  VoxelBuffer(extent: extent, elements: extent.box.indices.map { value($0.map(Float.init)) })
}
