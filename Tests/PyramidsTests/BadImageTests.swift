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
      try makeImage([[4, 8, 8]], body, folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("names the level `1`, which is not there"))
    }
    try withTemporaryFolder { folder in
      try makeImage([[8, 8]], "\(zyx), \"datasets\": [\(dataset("0", "[1, 1, 1]"))]", folder)
      #expect(message { _ = try OMEImage.open(folder.path) }.contains("names 3 axes (z,y,x), and its arrays have 2"))
    }
  }

  @Test(arguments: [
    (#""datasets": []"#, "no `datasets`"), (#""datasets": [{}]"#, "has no path"), (#""datasets": [{"path": "../0"}]"#, "not a valid key"),
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
