// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import Pyramids
import TestSupport
import Testing
import Volumes

struct BadImageTests {
  @Test func aMissingPathIsNamed() {
    #expect(message { _ = try OMEImage.open("/no/such/image.ome.zarr") }.contains("/no/such/image.ome.zarr does not exist"))
  }

  @Test func aMissingLevelOfAnImageThatIsThereListsWhatThereIs() throws {
    try withTemporaryFolder { folder in
      try makeImage([[4, 8, 8]], "\(zyx), \"datasets\": [\(dataset("0", "[1, 1, 1]"))]", folder)
      let error = message { _ = try OMEImage.open(folder.path + "/3") }
      #expect(error.contains("/3 does not exist") && error.contains("holds 0"))
    }
  }

  @Test func damagedMetadataAreNeverACrash() throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/a.ome.zarr"
      for version in OMEVersion.allCases {
        var layout = PyramidLayout(extent: [8, 16, 16], voxelType: .uint16, space: PhysicalSpace(spacing: [2, 1, 1], unit: .micrometer))
        layout.version = version
        layout.levelCount = 2
        let writer = try PyramidWriter.begin(layout, at: path)
        try writer.write(patternVoxels([8, 16, 16], seed: 7, as: UInt16.self), at: [0, 0, 0])
        try writer.buildLevels()
        try writer.finish(replacing: true)
        var random = SeededGenerator(seed: 3)
        var opened = 0
        for name in version == .v04 ? [".zattrs", "0/.zarray", "1/.zarray"] : ["zarr.json", "0/zarr.json", "1/zarr.json"] {
          let file = URL(fileURLWithPath: path + "/" + name)
          let whole = [UInt8](try Data(contentsOf: file))
          for _ in 0..<300 {
            try Data(damaged(whole, using: &random)).write(to: file)
            if let image = try? OMEImage.open(path) {
              opened += 1
              // A lie that passes is a small one: one voxel can be asked for.
              let extent = image.levels[0].source.extent
              if extent.count > 0 {
                _ = try? image.levels[0].source.read(Box(lower: extent.lengths.map { $0 - 1 }, upper: extent.lengths), as: Float.self)
              }
            }
          }
          try Data(whole).write(to: file)
        }
        #expect(opened > 0 && opened < 900, "some damage shows, some does not: \(opened)")
      }
    }
  }

  /// Some bytes exchanged for others that are common in JSON, or a part cut out.
  private func damaged(_ whole: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
    var bytes = whole
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      let place = Int.random(in: 0..<bytes.count, using: &random)
      switch Int.random(in: 0..<4, using: &random) {
      case 0: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...20, using: &random)))
      case 1: bytes[place] = Array("0123456789-e.,:{}[]\"nt".utf8).randomElement(using: &random) ?? 0
      case 2: bytes.insert(contentsOf: Array("999999999".utf8), at: place)
      default: bytes[place] = UInt8.random(in: 0...255, using: &random)
      }
      if bytes.isEmpty { return bytes }
    }
    return bytes
  }

  @Test func whatIsNoImageIsSaid() throws {
    try withTemporaryFolder { folder in
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("and empty"))
      try put("x", "notes.txt", in: folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("holding notes.txt"))
      #expect(message { _ = try OMEImage.open(folder.path + "/notes.txt") }.contains("is a file"))
      try makeArray([4, 4], folder.appendingPathComponent("inner"))
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("name what is inside, as \(folder.path)/inner"))
      try put(#"{"zarr_format": 2}"#, ".zgroup", in: folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("without a multiscale image"))
      try put(#"{"bioformats2raw.layout": 3}"#, ".zattrs", in: folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("collection of images"))
      try put(#"{"plate": {}}"#, ".zattrs", in: folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("plate of many images"))
    }
  }

  @Test(arguments: [
    ("[0, 1, 1]", "above zero"), ("[1, -2, 1]", "above zero"), ("[1, 1]", "list of 3 numbers"), ("null", "list of 3 numbers"),
    ("[NaN, 1, 1]", "list of 3 numbers"), ("\"2\"", "list of 3 numbers"),
  ]) func aScaleThatCannotBeIsAnError(scale: String, expected: String) throws {
    try withTemporaryFolder { folder in
      try makeImage([[4, 8, 8]], "\(zyx), \"datasets\": [\(dataset("0", scale))]", folder)
      let error = message { _ = try OMEImage.open(folder.path) }
      #expect(error.contains(expected) && error.contains(folder.path))
    }
  }

  @Test func aSpacingThatCannotBeIsAnError() throws {
    try withTemporaryFolder { folder in
      try makeArray([4, 4], folder)
      for spacing in [[0.0, 1], [-1, 1], [.nan, 1], [.infinity, 1]] {
        #expect(message { _ = try OMEImage.open(folder.path, spacing: spacing) }.contains("above zero"))
      }
    }
  }

  @Test func levelsThatContradictEachOtherAreErrors() throws {
    let levels = dataset("0", "[1, 1, 1]") + ", " + dataset("1", "[2, 2, 2]")
    let body = "\(zyx), \"datasets\": [\(levels)]"
    try withTemporaryFolder { folder in
      try makeImage([[4, 8, 8], [2, 4]], body, folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("level `0` has 3 axes, level `1` has 2"))
    }
    try withTemporaryFolder { folder in
      try makeImage([[4, 8, 8], [4, 9, 8]], body, folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("level `0` has 4×8×8 voxels, level `1` has 4×9×8"))
    }
    try withTemporaryFolder { folder in
      try makeImage([[4, 8, 8], [2, 4, 4]], body, folder)
      try makeArray([2, 4, 4], folder.appendingPathComponent("1"), type: .int32)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("level `0` has voxels of uint16, level `1` has int32"))
    }
    try withTemporaryFolder { folder in
      let axes = zyx.replacingOccurrences(of: #""name": "z", "type": "space""#, with: #""name": "c", "type": "channel""#)
      try makeImage([[4, 8, 8], [2, 4, 4]], "\(axes), \"datasets\": [\(levels)]", folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("level `1` has the length 2 along `c`, and the finest has 4"))
    }
    try withTemporaryFolder { folder in
      try makeImage([[0, 8, 8], [0, 4, 4]], body, folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("level `0` of 0×8×8 has no voxel"))
      #expect(message { _ = try OMEImage.open(folder.path + "/0") }.contains("has no voxel"))
    }
    try withTemporaryFolder { folder in
      try makeImage([[4, 8, 8]], body, folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("names the level `1`, which is not there"))
    }
    try withTemporaryFolder { folder in
      try makeImage([[8, 8]], "\(zyx), \"datasets\": [\(dataset("0", "[1, 1, 1]"))]", folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("names 3 axes (z,y,x), and its arrays have 2"))
    }
  }

  @Test(arguments: [
    (#""datasets": []"#, "no `datasets`"), (#""datasets": [{}]"#, "has no path"),
    (#""datasets": [{"path": "../0"}]"#, "no path inside the image"),
    (#""axes": [{}], "datasets": [{"path": "0"}]"#, "axis has no name"),
    (#""axes": ["x", "x", "y"], "datasets": [{"path": "0"}]"#, "two axes are named `x`"),
    (
      #""axes": ["z", "y", "x"], "datasets": [{"path": "0", "coordinateTransformations": [{"type": "rotation"}]}]"#,
      "`rotation` is not supported"
    ),
  ]) func metadataThatMeanNothingAreErrors(body: String, expected: String) throws {
    try withTemporaryFolder { folder in
      try makeImage([[4, 8, 8]], body, folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains(expected))
    }
  }

  @Test(arguments: ["[[1, 0], [0, 1]]", "[[2, 0, 0], [0, 1, 0], [0, 0, 1]]", "[[1, 0, 0], [1, 0, 0], [0, 0, 1]]", "[]", "3"])
  func aDirectionThatIsNoRotationIsAnError(direction: String) throws {
    try withTemporaryFolder { folder in
      try makeImage(
        [[4, 8, 8]], "\(zyx), \"datasets\": [\(dataset("0", "[1, 1, 1]"))]", folder, more: ", \"weft\": {\"direction\": \(direction)}")
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("direction"))
    }
  }
}
