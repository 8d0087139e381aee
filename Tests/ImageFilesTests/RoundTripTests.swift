// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

@Suite struct RoundTripTests {
  /// A turned space with unequal spacing.
  static func space(rank: Int, unit: LengthUnit? = .micrometer) -> PhysicalSpace {
    let (c, s) = (0.8, 0.6)
    return rank == 2
      ? PhysicalSpace(spacing: [2, 0.5], origin: [10, -20], direction: [[c, -s], [s, c]], unit: unit)
      : PhysicalSpace(spacing: [3, 2, 0.5], origin: [-7, 10, -20], direction: [[c, 0, -s], [0, 1, 0], [s, 0, c]], unit: unit)
  }

  static func volume<Voxel: VoxelScalar>(_ extent: Extent, as type: Voxel.Type, seed: Int = 1, unit: LengthUnit? = .micrometer)
    -> LazyVolume
  {
    LazyVolume(
      source: ArraySource(patternVoxels(extent, seed: seed, as: type)), space: space(rank: extent.rank, unit: unit), name: "pattern")
  }

  @Test(arguments: ["a.tif", "a.nii", "a.nii.gz", "a.nrrd"])
  func everyNumberFormatComesBackAsItWasWritten(name: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent(name).path
      for type in VoxelType.allCases {
        func check<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
          for extent in [[3, 11, 19], [11, 19]] as [Extent] {
            try ImageFile.write(Self.volume(extent, as: type), to: path)
            let back = try ImageFile.open(path: path).volumes().finest
            #expect(back.source.voxelType == Voxel.voxelType)
            #expect(try back.source.read(back.extent.box, as: type) == patternVoxels(extent, seed: 1, as: type))
          }
        }
        try check(type.scalar)
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    }
  }

  @Test(arguments: ["a.tif", "a.nii", "a.nii.gz", "a.nrrd"])
  func aLinkIsReadAsWhatItLeadsTo(name: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent(name).path
      try ImageFile.write(Self.volume([3, 11, 19], as: UInt16.self), to: path)
      let link = folder.appendingPathComponent("link-" + name).path
      try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: name)
      let back = try ImageFile.open(path: link).volumes().finest
      #expect(try back.read(back.extent.box) == ImageFile.open(path: path).volumes().finest.read(back.extent.box))
    }
  }

  @Test(arguments: ["a.nii", "a.nii.gz", "a.nrrd"], [2, 3])
  func aTurnedSpaceComesBackInMillimetres(name: String, rank: Int) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent(name).path
      let extent = Extent([4, 5, 6].suffix(rank).map(\.self))
      try ImageFile.write(Self.volume(extent, as: UInt16.self), to: path)
      let read = try ImageFile.open(path: path).levels[0].space
      let expected = Self.space(rank: rank).converted(to: .millimeter)
      for voxel in extent.box.indices {
        let index = voxel.map(Double.init)
        #expect(zip(read.world(of: index), expected.world(of: index)).allSatisfy { abs($0 - $1) < 1e-7 })
      }
      #expect(read.unit == .millimeter)
    }
  }

  @Test func tiffKeepsSpacingAndUnit() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.tif").path
      var volume = Self.volume([3, 5, 7], as: UInt8.self)
      volume = volume.placed(in: PhysicalSpace(spacing: [1.68, 1.84, 0.325], unit: .micrometer))
      try ImageFile.write(volume, to: path)
      let space = try ImageFile.open(path: path).levels[0].space
      #expect(space == volume.space)
    }
  }

  @Test(arguments: ["a.tif", "a.nii.gz", "a.nrrd"])
  func channelsAndTimesComeBackEachAsItWas(name: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent(name).path
      // NIfTI counts times from its fourth axis on, so that a flat image becomes one of one plane.
      let flat: [(Extent, Int, Int)] = name.hasSuffix("nii.gz") ? [] : [([9, 20], 1, 3), ([9, 20], 2, 3)]
      let others: [(Extent, Int, Int)] = [([4, 9, 20], 2, 1), ([9, 20], 2, 1), ([4, 9, 20], 1, 3), ([4, 9, 20], 2, 3)]
      for (extent, channels, times) in flat + others {
        let volumes = (0..<times * channels).map { Self.volume(extent, as: Float.self, seed: $0 * 7) }
        try ImageFile.write(channels: volumes, times: times, to: path)
        let image = try ImageFile.open(path: path)
        #expect(image.channelCount == channels && image.timeCount == times)
        for (number, volume) in volumes.enumerated() {
          let back = try image.volumes(channel: number % channels, time: number / channels).finest
          #expect(try back.read(back.extent.box) == volume.read(extent.box), "\(number)")
        }
      }
    }
  }

  @Test(arguments: ["a.tif", "a.nii.gz", "a.nrrd", "a.nii"])
  func filesDoNotDependOnMemory(name: String) throws {
    try withTemporaryFolder { folder in
      var files: [Data] = []
      for memory in [1, 4000, 100_000, 128 << 20] {
        let path = folder.appendingPathComponent(name).path
        var options = ImageFileOptions()
        options.memory = memory
        try ImageFile.write(
          channels: [Self.volume([9, 70, 90], as: UInt32.self), Self.volume([9, 70, 90], as: UInt32.self, seed: 3)], to: path,
          options: options)
        files.append(try Data(contentsOf: URL(fileURLWithPath: path)))
      }
      #expect(Set(files).count == 1)
    }
  }

  @Test func stoppingLeavesNoFile() throws {
    struct Stop: Error {}
    try withTemporaryFolder { folder in
      var options = ImageFileOptions()
      options.progress = { done, _ in if done == 2 { throw Stop() } }
      for name in ["a.tif", "a.nii.gz", "a.nrrd"] {
        #expect(throws: Stop.self) {
          try ImageFile.write(Self.volume([5, 9, 9], as: UInt8.self), to: folder.appendingPathComponent(name).path, options: options)
        }
      }
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.isEmpty)
    }
  }

  @Test func anotherSpacingMayBeGiven() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.tif").path
      try ImageFile.write(Self.volume([3, 5, 7], as: UInt8.self), to: path)
      #expect(try ImageFile.open(path: path, spacing: [4, 3, 2]).levels[0].space.spacing == [4, 3, 2])
      #expect(throws: ImageFileError.self) { try ImageFile.open(path: path, spacing: [4, 3]) }
      #expect(throws: ImageFileError.self) { try ImageFile.open(path: path, spacing: [4, 0, 2]) }
    }
  }
}
