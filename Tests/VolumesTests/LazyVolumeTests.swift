// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Synchronization
import TestSupport
import Testing
import Volumes

/// Voxels computed when asked for, and a count of how many were.
final class ComputedSource: VoxelSource {
  let extent: Extent
  let voxelType = VoxelType.float32
  let chunk: Extent
  let read = Mutex(0)

  init(extent: Extent, chunk: Extent) {
    self.extent = extent
    self.chunk = chunk
  }

  static func value(_ index: [Int]) -> Float { Float((index[0] * 31 + index[1] * 17 + index[2] * 7) % 1009) }

  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    read.withLock { $0 += box.count }
    var buffer = VoxelBuffer<Float>(extent: box.extent)
    var i = 0
    for z in box[0] {
      for y in box[1] {
        for x in box[2] {
          buffer.elements[i] = Float((z * 31 + y * 17 + x * 7) % 1009)
          i += 1
        }
      }
    }
    return buffer.converted(to: type)
  }
}

struct LazyVolumeTests {
  static let space = PhysicalSpace(spacing: [2, 1, 1])

  @Test func nothingIsReadBeforeABoxIsAskedFor() throws {
    let source = ComputedSource(extent: [64, 64, 64], chunk: [16, 16, 16])
    let volume = LazyVolume(source: source, space: Self.space, name: "computed")
    let derived = volume.cropped(to: Box(lower: [8, 8, 8], upper: [56, 56, 56])).downsampled(by: [2, 3, 4])
    #expect(source.read.withLock { $0 } == 0)
    _ = try derived.read(Box(lower: [0, 0, 0], upper: [2, 2, 2]))
    #expect(source.read.withLock { $0 } == 4 * 6 * 8)
  }

  @Test(arguments: 0..<10) func downsamplingIsTheMeanOfWhatIsThere(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let extent = Extent((0..<3).map { _ in Int.random(in: 1...23, using: &random) })
    let factors = (0..<3).map { _ in Int.random(in: 1...5, using: &random) }
    let source = ComputedSource(extent: extent, chunk: Extent((0..<3).map { _ in Int.random(in: 1...9, using: &random) }))
    let volume = LazyVolume(source: source, space: Self.space, name: "computed").downsampled(by: factors)
    let lower = volume.extent.lengths.map { Int.random(in: 0..<$0, using: &random) }
    let box = Box(lower: lower, upper: zip(lower, volume.extent.lengths).map { Int.random(in: $0 + 1...$1, using: &random) })
    let read = try volume.read(box)
    for (offset, index) in box.indices.enumerated() {
      let fine = Box(lower: zip(index, factors).map(*), upper: zip(index, factors).map { ($0 + 1) * $1 }).intersection(extent.box)
      let mean = fine.indices.map { ComputedSource.value($0) }.reduce(0, +) / Float(fine.count)
      #expect(abs(read.elements[offset] - mean) < 1e-3)
    }
  }

  @Test func voxelsThatAreNotNumbersStayOutOfTheMean() throws {
    let voxels = VoxelBuffer<Float>(extent: [1, 2, 4], elements: [1, .nan, 5, .nan, 3, .infinity, .nan, .nan])
    let mean = try LazyVolume(Volume(voxels: voxels, space: Self.space), name: "holes").downsampled(by: [1, 2, 2]).load()
    #expect(mean.voxels.elements[0] == 2 && mean.voxels.elements[1] == 5)
  }

  @Test func aVolumeLargerThanTheBudgetIsDownsampledWithinIt() throws {
    // 2 GB as Float; the mean has 0.5 million voxels.
    let source = ComputedSource(extent: [512, 1024, 1024], chunk: [64, 128, 128])
    let before = PeakMemory.bytes()
    let coarse = try LazyVolume(source: source, space: Self.space, name: "large").downsampled(by: [8, 8, 16]).load()
    #expect(coarse.extent == [64, 128, 64])
    #expect(source.read.withLock { $0 } == source.extent.count, "every voxel is read once")
    // Sanitizers keep a shadow of all that is touched.
    if ProcessInfo.processInfo.environment["WEFT_SANITIZER"] == nil { #expect(PeakMemory.bytes() - before < 300_000_000) }
  }

  @Test func axesInAnyOrderComeOutAsZYX() throws {
    // x, c, z, y on disk.
    let extent: Extent = [3, 2, 4, 5]
    let stored = VoxelBuffer<UInt16>(extent: extent, elements: (0..<extent.count).map { UInt16($0) })
    let image = StoredImage(
      path: "odd", format: "memory", axes: ["x", "c", "z", "y"].map { Axis(name: $0) },
      levels: [.init(source: ArraySource(stored), space: PhysicalSpace(spacing: [1, 1, 1]), name: "")])
    let volume = try image.volumes(channel: 1).finest
    #expect(volume.extent == [4, 5, 3])
    let read = try volume.read(volume.extent.box)
    for index in volume.extent.box.indices { #expect(read[index] == Float(stored[[index[2], 1, index[0], index[1]]])) }
    #expect(throws: VolumeError.self) { try image.volumes(channel: 2) }
    #expect(throws: VolumeError.self) { try image.volumes(channel: -1) }
  }

  @Test func colourComesOutAsLuminanceUnlessAChannelIsChosen() throws {
    let stored = VoxelBuffer<UInt8>(extent: [1, 2, 3], elements: [100, 200, 50, 0, 0, 255])
    let image = StoredImage(
      path: "rgb", format: "memory", axes: ["y", "x", "c"].map { Axis(name: $0) },
      levels: [.init(source: ArraySource(stored), space: PhysicalSpace(spacing: [1, 1]), name: "")], isColour: true)
    let grey = try image.volumes().finest.load().voxels.elements
    #expect(abs(grey[0] - (0.2126 * 100 + 0.7152 * 200 + 0.0722 * 50)) < 1e-3)
    #expect(abs(grey[1] - 0.0722 * 255) < 1e-3)
    #expect(try image.volumes(channel: 1).finest.load().voxels.elements == [200, 0])
  }

  @Test func theLevelThatGivesAScaleExactlyIsTaken() throws {
    let fine = ComputedSource(extent: [64, 64, 64], chunk: [16, 16, 16])
    let half = ComputedSource(extent: [32, 32, 32], chunk: [16, 16, 16])
    let shifted = ComputedSource(extent: [16, 16, 16], chunk: [16, 16, 16])
    let pyramid = VolumePyramid(levels: [
      LazyVolume(source: fine, space: Self.space, name: "0"),
      LazyVolume(source: half, space: Self.space.downsampled(by: [2, 2, 2]), name: "1"),
      // A level that lies where neither averaging nor a writer without translations puts it.
      LazyVolume(source: shifted, space: PhysicalSpace(spacing: [8, 4, 4], origin: [3, 3, 3]), name: "2"),
    ])
    #expect(pyramid.downsampled(by: [4, 4, 4]).space == Self.space.downsampled(by: [4, 4, 4]))
    #expect([fine, half, shifted].allSatisfy { $0.read.withLock { $0 } == 0 }, "nothing is read before a box is asked for")
    _ = try pyramid.downsampled(by: [3, 3, 3]).read(Box(lower: [0, 0, 0], upper: [1, 1, 1]))
    #expect(fine.read.withLock { $0 } == 27)
  }
}
