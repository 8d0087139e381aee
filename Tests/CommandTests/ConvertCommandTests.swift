// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Pyramids
import TestSupport
import Testing
import Volumes

/// `weft convert`: what an image is after it was written anew.
struct ConvertCommandTests {
  /// An image of two times and three channels, spacing 4 × 0.5 × 0.5 µm, in chunks of 8 × 16 × 16.
  private func withImage(_ body: (_ folder: String, _ image: String) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/image.ome.zarr"
      var layout = PyramidLayout(
        extent: [20, 70, 90], voxelType: .uint16,
        space: PhysicalSpace(spacing: [4, 0.5, 0.5], origin: [8, -3, 2], unit: .micrometer))
      layout.leadingAxes = [.init(Axis(name: "t"), length: 2), .init(Axis(name: "c"), length: 3)]
      layout.chunk = [8, 16, 16]
      let writer = try PyramidWriter.begin(layout, at: path)
      try writer.write(voxels, at: [0, 0, 0, 0, 0])
      try writer.buildLevels()
      try writer.finish()
      try body(folder.path, path)
    }
  }

  private let voxels = patternVoxels([2, 3, 20, 70, 90], seed: 3, as: UInt16.self)

  private func convert(_ words: String...) throws {
    let run = try weft(["convert"] + words + ["-q"])
    try #require(run.status == 0, "\(words): \(run.errors)")
  }

  @Test func anImageStaysTheSameInOtherChunksVersionsAndShards() throws {
    try withImage { folder, image in
      let original = try StoredImage.open(image)
      let ways: [[String]] = [
        ["--ome-version", "0.4", "--chunks", "10,32,64", "--compressor", "gzip:3"],
        ["--chunks", "8", "--shards", "16,32,32", "--compressor", "zstd:3"],
        ["--compressor", "none", "--levels", "3", "--method", "gaussian"],
      ]
      for (number, way) in ways.enumerated() {
        let path = folder + "/\(number).ome.zarr"
        let run = try weft(["convert", image, path, "-q"] + way)
        try #require(run.status == 0, "\(run.errors)")
        let made = try StoredImage.open(path)
        #expect(made.axes.map(\.name) == ["t", "c", "z", "y", "x"] && made.levels[0].space == original.levels[0].space)
        #expect(try made.levels[0].source.read(voxels.extent.box, as: UInt16.self) == voxels)
      }
      #expect(try StoredImage.open(folder + "/0.ome.zarr").format == "OME-Zarr 0.4")
      let sharded = try StoredImage.open(folder + "/1.ome.zarr")
      #expect(sharded.format == "OME-Zarr 0.5" && sharded.levels[0].source.chunk == [1, 1, 8, 8, 8])
      // Two times, three channels, 2 × 3 × 3 shards.
      let files = try #require(FileManager.default.enumerator(atPath: folder + "/1.ome.zarr/0/c")?.allObjects as? [String])
      let shards = files.filter { $0.split(separator: "/").count == 5 }
      #expect(shards.count == 108)
      #expect(try StoredImage.open(folder + "/2.ome.zarr").levels.count == 3)
    }
  }

  @Test func channelsRegionsAndNumberFormatsAreChosen() throws {
    try withImage { folder, image in
      try convert(image, folder + "/part.ome.zarr", "--channels", "2,0", "--region", "4:9,10:50,20:80", "--dtype", "float32")
      let part = try StoredImage.open(folder + "/part.ome.zarr")
      #expect(part.voxelType == .float32 && part.channelCount == 2 && part.timeCount == 2)
      #expect(part.levels[0].space.origin == [24.0, 2.0, 12.0])
      let box = Box(lower: [1, 2, 4, 10, 20], upper: [2, 3, 9, 50, 80])
      let found = try part.volumes(channel: 0, time: 1).finest.read(Box(lower: [0, 0, 0], upper: [5, 40, 60]))
      #expect(found.elements == voxels.cropped(to: box).converted(to: Float.self).elements)
    }
  }

  @Test func otherFormatsComeAndGo() throws {
    try withImage { folder, image in
      for ending in ["tif", "nii.gz", "nrrd"] {
        try convert(image, folder + "/one.\(ending)", "--channels", "1", "--region", "0:20,0:70,0:90")
        try convert(folder + "/one.\(ending)", folder + "/\(ending).ome.zarr", "--chunks", "16")
        let back = try StoredImage.open(folder + "/\(ending).ome.zarr")
        let volume = try back.volumes(channel: 0).finest
        let expected = voxels.cropped(to: Box(lower: [0, 1, 0, 0, 0], upper: [1, 2, 20, 70, 90])).elements
        #expect(try volume.source.read(volume.extent.box, as: UInt16.self).elements == expected, "\(ending)")
        let unit = try #require(volume.space.unit)
        let scale = unit.factor(to: .micrometer)
        let spacing = volume.space.spacing.map { $0 * scale }
        #expect(abs(spacing[0] - 4) < 1e-6 && abs(spacing[1] - 0.5) < 1e-6 && abs(spacing[2] - 0.5) < 1e-6, "\(ending): \(volume.space)")
      }
      // One level of a pyramid.
      try convert(image + "/0", folder + "/level.ome.zarr", "--levels", "1")
      #expect(try StoredImage.open(folder + "/level.ome.zarr").levels.count == 1)
    }
  }

  @Test func labelsAreHalvedByTheirMode() throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/labels.ome.zarr"
      var layout = PyramidLayout(extent: [8, 8], voxelType: .uint32, space: PhysicalSpace(spacing: [1, 1]))
      (layout.isLabels, layout.levelCount, layout.downsampling) = (true, 1, .mode)
      let writer = try PyramidWriter.begin(layout, at: path)
      try writer.write(VoxelBuffer<UInt32>(extent: [8, 8], elements: (0..<64).map { UInt32($0 % 3 == 0 ? 7 : 1000) }), at: [0, 0])
      try writer.finish()
      try convert(path, folder.path + "/again.ome.zarr", "--levels", "2")
      let again = try StoredImage.open(folder.path + "/again.ome.zarr")
      let coarse = try again.levels[1].source.read(Box(lower: [0, 0], upper: [4, 4]), as: UInt32.self)
      #expect(Set(coarse.elements).isSubset(of: [7, 1000]) && OMEImage.isLabels(folder.path + "/again.ome.zarr"))
    }
  }

  @Test func whatDoesNotFitIsRefusedBeforeAnythingIsWritten() throws {
    try withImage { folder, image in
      let cases: [([String], String)] = [
        ([folder + "/a.tif", "--chunks", "8"], "--chunks is for OME-Zarr"),
        ([folder + "/a.ome.zarr", "--shards", "64", "--ome-version", "0.4"], "need OME-Zarr 0.5"),
        ([folder + "/a.ome.zarr", "--chunks", "8,8"], "3 spatial axes"),
        ([folder + "/a.ome.zarr", "--channels", "3"], "no channel 3"),
        ([folder + "/a.ome.zarr", "--region", "0:20,0:70,0:91"], "does not lie inside"),
        ([folder + "/a.ome.zarr", "--compressor", "zip:9"], "--compressor"),
        ([folder + "/a.ome.zarr", "--memory", "61MB"], "--memory 61 MB is too little"),
        ([image + "/inside.ome.zarr"], "inside"),
        ([image], "is the input"),
      ]
      for (words, expected) in cases {
        let run = try weft(["convert", image] + words)
        #expect(run.status != 0 && run.errors.contains(expected), "\(words): \(run.errors)")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["image.ome.zarr"])
    }
  }

  @Test func aConversionThatIsKilledGoesOnAndEndsInTheSameBytes() throws {
    try withImage { folder, image in
      let words = ["convert", image, "--chunks", "4", "--shards", "8", "--levels", "3", "-q"]
      try #require(weft(words + [folder + "/whole.ome.zarr", "-j", "1"]).status == 0)
      let out = folder + "/killed.ome.zarr"
      var killed = 0
      for wanted in [3, 9, 15] {
        let process = try startedWeft(words + [out])
        let ledgers = folder + "/.killed.ome.zarr.weft/copy/ledger"
        func recorded() -> Int {
          let names = (try? FileManager.default.contentsOfDirectory(atPath: ledgers)) ?? []
          return names.reduce(0) { $0 + ((try? String(contentsOfFile: ledgers + "/" + $1, encoding: .utf8)) ?? "").count { $0 == "\n" } }
        }
        while process.isRunning, recorded() < wanted { Thread.sleep(forTimeInterval: 0.001) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        guard process.terminationReason == .uncaughtSignal else { break }
        killed += 1
        #expect(!FileManager.default.fileExists(atPath: out))
      }
      if !FileManager.default.fileExists(atPath: out) {
        let resumed = try weft(["resume", out, "-q"])
        try #require(resumed.status == 0, "\(resumed.errors)")
      }
      var (expected, found) = try (resultFiles(folder + "/whole.ome.zarr"), resultFiles(out))
      // It holds the image's name.
      (expected["zarr.json"], found["zarr.json"]) = (nil, nil)
      #expect(killed > 0 && expected.count > 5 && expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }
  }
}
