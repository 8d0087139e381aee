// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Registration
import TestSupport
import Testing
import Volumes

@Suite struct MaskTests {
  /// A disc or ball of radius 20 in an image of 64 an axis, with noise and a few bright spots inside and a hole in its middle.
  private func object(rank: Int, inside: Float, outside: Float) -> Volume {
    var generator = SeededGenerator(seed: 3)
    let extent = Extent([Int](repeating: 64, count: rank))
    var voxels = VoxelBuffer<Float>(extent: extent)
    for (i, index) in extent.box.indices.enumerated() {
      let noise = Float.random(in: -8...8, using: &generator)
      let isSpot = Int.random(in: 0..<40, using: &generator) == 0
      let depth = radius(index)
      let level = depth < 20 && depth > 3 ? inside + (isSpot ? 3 * (inside - outside) : 0) : outside
      voxels.elements[i] = level + noise
    }
    return Volume(voxels: voxels, space: PhysicalSpace(spacing: [Double](repeating: 2, count: rank)))
  }

  private func radius(_ index: [Int]) -> Double { index.reduce(0.0) { $0 + pow(Double($1) - 31.5, 2) }.squareRoot() }

  /// The share of voxels that the mask gets wrong, apart from two voxels about the object's edge.
  private func error(_ mask: Mask, _ volume: Volume) -> Double {
    let inside = mask.resampled(to: volume.space, extent: volume.extent)
    var (wrong, count) = (0.0, 0.0)
    for (i, index) in volume.extent.box.indices.enumerated() where abs(radius(index) - 20) > 3 {
      if (inside.elements[i] != 0) != (radius(index) < 20) { wrong += 1 }
      count += 1
    }
    return wrong / count
  }

  @Test(arguments: [2, 3])
  func brightTissueOnADarkBackgroundIsFound(rank: Int) throws {
    let volume = object(rank: rank, inside: 150, outside: 100)
    #expect(error(try .tissue(of: volume), volume) < 0.01)
  }

  @Test func darkTissueOnAWhiteBackgroundIsFound() throws {
    let volume = object(rank: 2, inside: 140, outside: 230)
    #expect(error(try .tissue(of: volume), volume) < 0.01)
  }

  @Test func aPlaneInSpaceHasTheMaskOfThePlane() throws {
    let volume = object(rank: 2, inside: 150, outside: 100)
    let lifted = Volume(voxels: volume.voxels.reshaped(to: [1, 64, 64]), space: volume.space.liftedToThreeAxes())
    let mask = try Mask.tissue(of: lifted)
    #expect(mask.voxels.elements == (try Mask.tissue(of: volume)).voxels.elements)
    #expect(mask.voxels.extent.rank == 3 && mask.space.rank == 3)
    #expect(error(mask, lifted) < 0.01 || mask.resampled(to: lifted.space, extent: lifted.extent).elements.contains(1))
  }

  /// A ball or disc in one exact value, as skull stripping leaves it, a few of its own voxels of that value, too.
  @Test(arguments: [Float(-1024), .nan], [2, 3])
  func contentIsWhatIsNotPadding(padding: Float, rank: Int) throws {
    var volume = object(rank: rank, inside: 150, outside: 100)
    for (i, index) in volume.extent.box.indices.enumerated() {
      let isFrame = index.contains(0) || index.contains(63)
      if radius(index) >= 20 || radius(index) < 2 { volume.voxels.elements[i] = isFrame ? -1024 : padding }
    }
    let content = try #require(Mask.content(of: volume))
    #expect(content.space == volume.space)
    for (i, index) in volume.extent.box.indices.enumerated() {
      #expect((content.voxels.elements[i] != 0) == (radius(index) < 20), "\(index)")
    }
    let inner = content.withoutRim
    for (i, index) in volume.extent.box.indices.enumerated() where abs(radius(index) - 20) < 3 {
      let neighbours = Box(lower: index.map { $0 - 1 }, upper: index.map { $0 + 2 }).intersection(volume.extent.box)
      #expect((inner.voxels.elements[i] != 0) == neighbours.indices.allSatisfy { radius($0) < 20 }, "\(index)")
    }
  }

  @Test func noiseAndTissueAtTheBorderAreNoPadding() {
    let noisy = object(rank: 3, inside: 150, outside: 100)
    #expect(Mask.content(of: noisy) == nil)
    // About a quarter of the border is of one value.
    var partlyPadded = noisy
    for i in 0..<(10 * 64 * 64) { partlyPadded.voxels.elements[i] = 0 }
    #expect(Mask.content(of: partlyPadded) == nil)
    for value in [Float(4), .nan] {
      let constant = Volume(voxels: VoxelBuffer(extent: [8, 8, 8], repeating: value), space: PhysicalSpace(spacing: [1, 1, 1]))
      #expect(Mask.content(of: constant) == nil)
    }
  }

  @Test func aConstantImageHasNoTissue() {
    let constant = Volume(voxels: VoxelBuffer(extent: [8, 8, 8], repeating: 4), space: PhysicalSpace(spacing: [1, 1, 1]))
    #expect(throws: RegistrationError.self) { try Mask.tissue(of: constant) }
  }

  @Test func aMaskOfAnotherLatticeIsLookedUpAtTheNearestVoxel() {
    let mask = Mask(
      voxels: VoxelBuffer(extent: [2, 2], elements: [0, 7, 7, 0]), space: PhysicalSpace(spacing: [2, 2], origin: [0.5, 0.5]))
    let fine = mask.resampled(to: PhysicalSpace(spacing: [1, 1]), extent: [4, 5])
    #expect(fine.elements == [0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0])
  }
}
