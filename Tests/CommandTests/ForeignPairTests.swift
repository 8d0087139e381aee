// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// Pairs as other programs keep them.
struct ForeignPairTests {
  /// As bigstream's users have them: N5 in blocks of 128×128×70 voxels, each a gzip stream; and plain Zarr in the other byte order.
  @Test(.enabled(if: interpreter("WEFT_ZARR2_PYTHON") != nil, "WEFT_ZARR2_PYTHON names no interpreter"))
  func anN5PairAndABigEndianOneAreRegisteredAsTheyAre() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      func run(_ words: [String]) throws {
        let run = try weft(words + ["-q"])
        try #require(run.status == 0, "\(words): \(run.errors)")
      }
      try run(["phantom", folder + "/pair", "--shape", "80,140,150", "--seed", "6"])
      for (name, version) in [("old", "0.4"), ("new", "0.5")] {
        for image in ["fixed", "moving"] {
          let path = "\(folder)/\(name)/\(image).ome.zarr"
          try run(["convert", "\(folder)/pair/\(image).ome.zarr", path, "--levels", "1", "--ome-version", version])
        }
      }
      let made = try runInteropScript(
        "zarr2.py", ["pair", folder + "/old/fixed.ome.zarr", folder + "/old/moving.ome.zarr", folder],
        interpreter: interpreter("WEFT_ZARR2_PYTHON"))
      try #require(made.status == 0, "\(made.output)")
      let given = ["--fixed-spacing", "1,1,1", "--moving-spacing", "1,1,1"]
      for (name, images, options) in [
        ("ome", ["new/fixed.ome.zarr", "new/moving.ome.zarr"], []), ("n5", ["pair.n5/fixed", "pair.n5/moving"], []),
        ("plain-little", ["little/fixed.zarr", "little/moving.zarr"], given), ("plain-big", ["big/fixed.zarr", "big/moving.zarr"], given),
      ] {
        try run(["register"] + images.map { folder + "/" + $0 } + ["-o", folder + "/" + name, "--accuracy", "draft"] + options)
      }
      // Of plain arrays no unit is known, so that the numbers of their maps are others.
      for (one, other) in [("ome", "n5"), ("plain-little", "plain-big")] {
        let expected = try resultFiles("\(folder)/\(one)/registered.ome.zarr/0")
        #expect(expected.count > 4)
        #expect(try resultFiles("\(folder)/\(other)/registered.ome.zarr/0") == expected, "\(other)")
      }
    }
  }

  /// Planes of a TIFF each: an image of them is the image, and a run does not go on with planes that changed.
  @Test func numberedPlanesAreAnImage() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      let made = await weft("phantom @p --shape 16,60,70 --seed 3 -q", in: folder)
      #expect(made.status == .done, "\(made.errors)")
      for plane in 0..<16 {
        let cut = await weft(
          "convert @p/fixed.ome.zarr @scan/plane\(plane + 8).tif --region \(plane):\(plane + 1),0:60,0:70 -q", in: folder)
        #expect(cut.status == .done, "\(cut.errors)")
      }
      let info = await weft("info @scan", in: folder)
      #expect(info.status == .done && info.output.contains("16×60×70"), "\(info.errors)")
      #expect(info.output.contains("TIFF, 16 files"), "\(info.output)")
      for (name, words) in [("a", "@scan"), ("b", "@scan/plane*.tif"), ("c", "@p/fixed.ome.zarr")] {
        let converted = await weft("convert \(words) @\(name).ome.zarr --spacing 1,1,1 -q", in: folder)
        #expect(converted.status == .done, "\(converted.errors)")
      }
      let expected = try resultFiles(folder.path("c.ome.zarr/0"))
      for name in ["a", "b"] { #expect(try resultFiles(folder.path(name + ".ome.zarr/0")) == expected, "\(name)") }
      // Neither among the planes nor over one of them.
      await expectError("convert @scan @scan/all.tif", in: folder, ["scan"])
      await expectError("convert @scan/plane*.tif @scan/plane9.tif --overwrite", in: folder, ["plane9.tif"])
      let planned = await weft("plan segment @scan --method threshold --output @l.ome.zarr", in: folder)
      #expect(planned.status == .done, "\(planned.errors)")
      // Two planes that change places are as many bytes as before.
      let files = FileManager.default
      for (from, to) in [("plane9", "other"), ("plane10", "plane9"), ("other", "plane10")] {
        try files.moveItem(atPath: folder.path("scan/\(from).tif"), toPath: folder.path("scan/\(to).tif"))
      }
      await expectError("resume @l.ome.zarr", in: folder, ["scan", "the files that it is read from"])
      let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path("scan/plane9.tif")))
      try (bytes + [0]).write(to: URL(fileURLWithPath: folder.path("scan/plane9.tif")))
      await expectError("resume @l.ome.zarr", in: folder, ["scan", "bytes"])
      try files.removeItem(atPath: folder.path("scan/plane9.tif"))
      await expectError("info @scan", in: folder, ["from 8 to 10"])
    }
  }

  /// A header and its voxels are one input: neither is written over, and too few voxels are no image.
  @Test func aRawFileWithItsHeaderIsAnImage() async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.put(
        """
        ObjectType = Image
        NDims = 3
        DimSize = 7 6 5
        ElementSpacing = 0.65 0.65 2
        ElementType = MET_USHORT
        ElementByteOrderMSB = False
        ElementDataFile = scan.raw
        """, "scan.mhd")
      try folder.put([UInt8](repeating: 3, count: 420), "scan.raw")
      let info = await weft("info @scan.mhd", in: folder)
      #expect(info.status == .done && info.output.contains("5×6×7") && info.output.contains("2 0.65 0.65"), "\(info.output)\(info.errors)")
      await expectError("convert @scan.mhd @scan.raw --format tiff --overwrite", in: folder, ["scan.raw is the input"])
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path("scan.raw"))).count == 420)
      let planned = await weft("plan segment @scan.mhd --method threshold --threshold 1 --output @l.ome.zarr", in: folder)
      #expect(planned.status == .done, "\(planned.errors)")
      try folder.put([UInt8](repeating: 3, count: 421), "scan.raw")
      await expectError("resume @l.ome.zarr", in: folder, ["scan.mhd"])
      try folder.put([UInt8](repeating: 3, count: 419), "scan.raw")
      await expectError("info @scan.mhd", in: folder, ["scan.raw has 419 bytes of voxels, and 420 are needed"])
      // The same in one file, a byte short.
      let header = "ObjectType = Image\nNDims = 2\nDimSize = 7 6\nElementType = MET_UCHAR\nElementDataFile = LOCAL\n"
      try folder.put(Array(header.utf8) + [UInt8](repeating: 3, count: 42), "one.mha")
      let one = await weft("info @one.mha", in: folder)
      #expect(one.status == .done && one.output.contains("6×7"), "\(one.output)\(one.errors)")
      try folder.put(Array(header.utf8) + [UInt8](repeating: 200, count: 41), "one.mha")
      await expectError("info @one.mha", in: folder, ["one.mha has 41 bytes of voxels, and 42 are needed"])
    }
  }
}
