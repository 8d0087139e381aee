// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

/// HDF5 and Imaris files, as h5py writes them.
@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct HDF5Tests {
  private func withFiles(_ body: (_ folder: String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let result = try runInteropScript("write_hdf5.py", [folder.path])
      try #require(result.status == 0, "\(result.output)")
      try body(folder.path)
    }
  }

  private func message(_ body: () throws -> Void) -> String {
    do { try body() } catch { return "\(error.localizedDescription) \((error as? any LocalizedError)?.recoverySuggestion ?? "")" }
    return ""
  }

  @Test func datasetsOfAnyNumbersAreReadVoxelByVoxel() throws {
    try withFiles { folder in
      for (seed, type) in VoxelType.allCases.enumerated() {
        func check<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
          for order in ["big", "little"] {
            let image = try ImageFile.openHDF5(path: folder + "/arrays.h5", dataset: "\(order)/\(Voxel.voxelType.rawValue)")
            let source = image.levels[0].source
            try #require(source.extent == [19, 33, 40] && source.voxelType == Voxel.voxelType && source.chunk == [8, 16, 32])
            let expected = patternVoxels([19, 33, 40], seed: seed, as: type)
            #expect(try source.read(source.extent.box, as: type) == expected)
            let inner = Box(lower: [3, 5, 7], upper: [17, 20, 33])
            #expect(try source.read(inner, as: Float.self) == expected.cropped(to: inner).converted(to: Float.self))
          }
        }
        try check(type.scalar)
      }
      for (name, seed) in [("plain", 50), ("checked", 52)] {
        let source = try ImageFile.openHDF5(path: folder + "/arrays.h5", dataset: name).levels[0].source
        #expect(try source.read(source.extent.box, as: UInt16.self) == patternVoxels([19, 33, 40], seed: seed, as: UInt16.self))
      }
      let bytes = patternVoxels([19, 33], seed: 53, as: UInt8.self)
      let truths = try ImageFile.openHDF5(path: folder + "/arrays.h5", dataset: "bool").levels[0].source
      #expect(try truths.read(bytes.extent.box, as: UInt8.self) == bytes.mapVoxels { $0 > 100 ? 1 : 0 })
      let halves = try ImageFile.openHDF5(path: folder + "/arrays.h5", dataset: "half").levels[0].source
      #expect(try halves.read(bytes.extent.box, as: Float.self) == bytes.mapVoxels { Float($0) / 2 })
    }
  }

  /// What has no chunks is no chunk of its own size, which need not fit in memory.
  @Test func aDatasetWithoutChunksIsReadByRows() throws {
    try withFiles { folder in
      let source = try ImageFile.openHDF5(path: folder + "/arrays.h5", dataset: "long").levels[0].source
      #expect(source.extent == [3, 700, 1600] && source.chunk == [1, 655, 1600])
      #expect(
        try source.read(Box(lower: [2, 699, 1590], upper: [3, 700, 1600]), as: UInt8.self).elements == [UInt8](repeating: 7, count: 10))
    }
  }

  @Test func theOnlyImageOfAFileIsFoundWithItsSpacing() throws {
    try withFiles { folder in
      let image = try ImageFile.open(path: folder + "/one.h5")
      #expect(image.format == "HDF5" && image.axes.map(\.name) == ["z", "y", "x"])
      #expect(image.levels[0].space == PhysicalSpace(spacing: [2, 0.5, 0.25], unit: .micrometer))
      #expect(
        try image.levels[0].source.read(Box(lower: [1, 2, 3], upper: [2, 3, 4]), as: UInt16.self).elements
          == [patternVoxels([19, 33, 40], seed: 60, as: UInt16.self)[[1, 2, 3]]])
      #expect(
        ImageFile.hdf5Parts(of: folder + "/one.h5/volumes/raw").map { [$0.file, $0.dataset ?? ""] } == [folder + "/one.h5", "volumes/raw"])
      #expect(ImageFile.hdf5Parts(of: folder) == nil && ImageFile.hdf5Parts(of: folder + "/none/raw") == nil)
    }
  }

  @Test func namesOfAxesAreThoseOfTheFile() throws {
    try withFiles { folder in
      let labelled = try ImageFile.open(path: folder + "/labelled.h5")
      #expect(labelled.axes.map(\.name) == ["t", "z", "y", "x", "c"] && labelled.timeCount == 2 && labelled.channelCount == 3)
      let tagged = try ImageFile.open(path: folder + "/tagged.h5")
      #expect(tagged.axes.map(\.name) == ["z", "y", "x", "c"] && tagged.levels[0].space.spacing == [4, 2, 1])
      #expect(try ImageFile.openHDF5(path: folder + "/tagged.h5", dataset: nil, axes: "czyx").channelCount == 5)
    }
  }

  @Test func levelsTimesAndChannelsOfImarisAreReadWithoutTheirPadding() throws {
    try withFiles { folder in
      let image = try ImageFile.open(path: folder + "/image.ims")
      #expect(image.format == "Imaris" && image.axes.map(\.name) == ["t", "c", "z", "y", "x"])
      #expect(image.levels.map(\.source.extent) == [[2, 3, 19, 33, 40], [2, 3, 19, 17, 20]])
      #expect(image.levels[0].space == PhysicalSpace(spacing: [2, 1, 1], origin: [-4, 0.5, 10.5], unit: .micrometer))
      #expect(image.levels[1].space.spacing == [2, 33.0 / 17, 2] && image.levels[1].space.origin == [-4, 33.0 / 34, 11])
      let volume = try image.volumes(channel: 2, time: 1)
      for (level, seed) in [(0, 12), (1, 112)] {
        let extent = volume.levels[level].extent
        #expect(try volume.levels[level].source.read(extent.box, as: UInt16.self) == patternVoxels(extent, seed: seed, as: UInt16.self))
      }
    }
  }

  @Test func whatIsNoImageIsNamedWithWhatThereIs() throws {
    try withFiles { folder in
      let several = message { _ = try ImageFile.open(path: folder + "/arrays.h5") }
      #expect(several.contains("datasets that look like images: big/float32") && several.contains("name one, as \(folder)/arrays.h5/"))
      #expect(
        message { _ = try ImageFile.openHDF5(path: folder + "/one.h5", dataset: "raw") }.contains("it holds about/count, volumes/raw"))
      #expect(message { _ = try ImageFile.openHDF5(path: folder + "/arrays.h5", dataset: "text") }.contains("no dataset of numbers `text`"))
      #expect(message { _ = try ImageFile.openHDF5(path: folder + "/tagged.h5", dataset: nil, axes: "zz") }.contains("--axes zz"))
    }
  }

  private func opened(_ path: String) throws -> [UInt16] {
    let source = try ImageFile.open(path: path).levels[0].source
    return try source.read(source.extent.box, as: UInt16.self).elements
  }

  @Test func filesCutShortAreNamed() throws {
    try withFiles { folder in
      let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/one.h5"))
      for count in [8, 600, 3000, data.count / 2, data.count - 1] {
        try data.prefix(count).write(to: URL(fileURLWithPath: folder + "/cut.h5"))
        let cut = message { _ = try opened(folder + "/cut.h5") }
        #expect(cut.contains("/cut.h5"), "\(count) bytes: \(cut)")
      }
    }
  }

  @Test func damagedFilesAreNeverACrash() throws {
    try withFiles { folder in
      let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder + "/image.ims")))
      var random = SeededGenerator(seed: 1)
      for _ in 0..<60 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...8, using: &random) {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/damaged.ims"))
        _ = message { _ = try opened(folder + "/damaged.ims") }
      }
    }
  }
}
