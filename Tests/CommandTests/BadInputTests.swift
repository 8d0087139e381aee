// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// Images that cannot be registered.
struct BadInputTests {
  @Test(arguments: [
    "@none @b.nrrd", "@a.nrrd @none", "@a.nrrd @b.nrrd --fixed-mask @none", "@a.nrrd @b.nrrd --moving-mask @none",
    "@a.nrrd @b.nrrd --initial-transform @none.mat",
  ])
  func aMissingPathIsNamed(images: String) async throws {
    try await withImagePair { await expectError("register \(images) -o @out", in: $0, ["none", "does not exist"]) }
  }

  @Test(arguments: ["text.tif", "text.nii.gz", "noise.nrrd", "noise.zarr", "empty.tif", "empty.nii", "hollow", "cut.zarr"])
  func whatIsNoImageIsNamed(name: String) async throws {
    try await withImagePair { folder in
      for file in ["text.tif", "text.nii.gz"] { try folder.put("a page of text\n", file) }
      for file in ["noise.nrrd", "noise.zarr"] {
        try folder.put((0..<4000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 13) }, file)
      }
      for file in ["empty.tif", "empty.nii"] { try folder.put("", file) }
      try FileManager.default.createDirectory(atPath: folder.path("hollow"), withIntermediateDirectories: true)
      try folder.put(#"{"zarr_format": 3,"#, "cut.zarr/zarr.json")
      await expectError("info @\(name)", in: folder, [name])
      await expectError("register @a.nrrd @\(name) -o @out", in: folder, [name])
      #expect(!folder.names().contains("out"))
    }
  }

  @Test func aPipeIsNotWaitedFor() async throws {
    try await withImagePair { folder in
      try #require(unsafe mkfifo(folder.path("pipe.tif"), 0o600) == 0)
      await expectError("info @pipe.tif", in: folder, ["pipe.tif", "is a pipe"])
    }
  }

  @Test func ranksThatDifferAreBothNamed() async throws {
    try await withImagePair { folder in
      try folder.nrrd("flat.nrrd", [32, 40])
      await expectError("register @a.nrrd @flat.nrrd -o @out", in: folder, ["a.nrrd is 3D (20×20×20)", "flat.nrrd is 2D (32×40)"])
    }
  }

  @Test(arguments: [0, 7] as [Float], [("c.nrrd", "b.nrrd"), ("a.nrrd", "c.nrrd")])
  func aConstantImageIsNamed(value: Float, pair: (String, String)) async throws {
    try await withImagePair { folder in
      try folder.nrrd("c.nrrd", [20, 20, 20]) { _, _, _ in value }
      for stages in ["affine,warp,fine", "fine"] {
        await expectError(
          "register @\(pair.0) @\(pair.1) -o @out --stages \(stages)", in: folder, ["c.nrrd is constant: every voxel is \(value)"])
      }
      #expect(!folder.names().contains("out"))
    }
  }

  @Test(arguments: [Float.nan, .infinity])
  func anImageWithoutNumbersIsNamed(value: Float) async throws {
    try await withImagePair { folder in
      try folder.nrrd("n.nrrd", [20, 20, 20]) { _, _, _ in value }
      await expectError("register @n.nrrd @b.nrrd -o @out", in: folder, ["n.nrrd holds no number"])
      await expectError("register @a.nrrd @n.nrrd -o @out", in: folder, ["n.nrrd holds no number"])
    }
  }

  @Test func voxelsThatAreNoNumbersAreCountedAndTheResultIsFinite() async throws {
    try await withImagePair { folder in
      try folder.nrrd("n.nrrd", [20, 20, 20]) { z, y, x in
        z == 5 ? .nan : (z, y) == (9, 9) ? (x % 2 == 0 ? .infinity : -.infinity) : ImageFolder.waves(z, y, x)
      }
      for images in ["@n.nrrd @b.nrrd", "@a.nrrd @n.nrrd"] {
        let done = await weft("register \(images) -o @out --overwrite --json", in: folder)
        #expect(done.status == .done, "\(done.errors)")
        #expect(done.errors.contains("n.nrrd: 420 voxels"), "\(done.errors)")
        #expect(!done.output.contains("nan") && !done.output.contains("inf"))
      }
    }
  }

  @Test func volumesFarApartAreBroughtTogetherOrRefused() async throws {
    try await withImagePair { folder in
      try folder.nrrd("far.nrrd", [20, 20, 20], origin: [1e4, 1e4, 1e4])
      let found = await weft("register @a.nrrd @far.nrrd -o @out --stages affine", in: folder)
      #expect(found.status == .done, "\(found.errors)")
      for stages in ["fine", "warp", "warp,fine"] {
        await expectError(
          "register @a.nrrd @far.nrrd -o @apart --stages \(stages)", in: folder, ["a.nrrd and ", "far.nrrd do not overlap", "10000"])
      }
      #expect(!folder.names().contains("apart"))
    }
  }

  @Test func damagedPlacesAreRefused() async throws {
    try await withImagePair { folder in
      try folder.nrrd("mad.nrrd", [20, 20, 20], origin: [1e30, 1e30, 1e30])
      await expectError("register @a.nrrd @mad.nrrd -o @out", in: folder, ["mad.nrrd has the origin", "1e+30"])
      await expectError("info @mad.nrrd", in: folder, ["mad.nrrd has the origin"])
    }
  }

  @Test func masksThatLeaveNothingAreRefused() async throws {
    try await withImagePair { folder in
      try folder.nrrd("empty.nrrd", [20, 20, 20]) { _, _, _ in 0 }
      try folder.nrrd("far.nrrd", [20, 20, 20], origin: [1e4, 0, 0]) { _, _, _ in 1 }
      for side in ["fixed", "moving"] {
        await expectError("register @a.nrrd @b.nrrd -o @out --\(side)-mask @empty.nrrd", in: folder, ["the mask", "empty.nrrd is empty"])
        await expectError("register @a.nrrd @b.nrrd -o @out --\(side)-mask @far.nrrd", in: folder, ["far.nrrd does not meet its image"])
      }
      #expect(!folder.names().contains("out"))
    }
  }

  @Test(arguments: ["fixed", "moving"]) func aMaskThatTellsOfNoPlaceHasTheVoxelsOfItsImage(side: String) async throws {
    try await withImagePair { folder in
      try folder.array("half.zarr", [20, 10, 20])
      try folder.array("flat.zarr", [20, 20])
      try folder.array("whole.zarr", [20, 20, 20])
      // Its image lies elsewhere than a file without a place is put.
      try folder.nrrd("a.nrrd", [20, 20, 20], spacing: [2, 2, 2], origin: [300, 0, 0])
      let masked = "register @a.nrrd @b.nrrd -o @out --stages affine --\(side)-mask"
      let image = side == "fixed" ? "a.nrrd" : "b.nrrd"
      await expectError("\(masked) @half.zarr", in: folder, ["half.zarr has 20×10×20 voxels", "\(image) has 20×20×20", "NIfTI"])
      await expectError("\(masked) @flat.zarr", in: folder, ["flat.zarr is 2D", "\(image) is 3D"])
      #expect(!folder.names().contains("out"))
      let done = await weft("\(masked) @whole.zarr", in: folder)
      #expect(done.status == .done, "\(done.errors)")
    }
  }

  @Test(arguments: ["fixed", "moving"]) func aMaskThatLeavesNextToNothingIsNamed(side: String) async throws {
    try await withImagePair { folder in
      try folder.array("voxel.zarr", [20, 20, 20]) { $0 == 4210 ? 1 : 0 }
      try folder.array("plain.zarr", [20, 20, 20]) { $0 / 400 < 6 ? 1 : 0 }
      for name in ["a.nrrd", "b.nrrd"] { try folder.nrrd(name, [20, 20, 20]) { $0 < 8 ? 5 : ImageFolder.waves($0, $1, $2) } }
      let masked = "register @a.nrrd @b.nrrd -o @out --\(side)-mask"
      let image = side == "fixed" ? "a.nrrd" : "b.nrrd"
      await expectError("\(masked) @voxel.zarr", in: folder, ["voxel.zarr leaves 1 voxels", image])
      await expectError("\(masked) @plain.zarr", in: folder, ["\(image) is constant inside the mask", "plain.zarr: every voxel is 5"])
    }
  }

  @Test func aResultThatShowsNextToNothingIsWarnedOf() async throws {
    try await withImagePair { folder in
      try folder.nrrd("whole.nrrd", [40, 40, 40])
      try folder.nrrd("crop.nrrd", [8, 8, 8], origin: [12, 20, 16]) { ImageFolder.waves($0 + 12, $1 + 20, $2 + 16) }
      let crop = await weft("register @whole.nrrd @crop.nrrd -o @out --quiet", in: folder)
      #expect(crop.status == .done && crop.errors.contains("warning: the moving image covers 0."), "\(crop.errors)")
      // Found by the whole image, but for a part of it in which nothing of the other one lies.
      for (options, status) in [("", Commands.ExitStatus.done), ("--strict", .flagged)] {
        let empty = await weft(
          "register @whole.nrrd @crop.nrrd -o @empty --overwrite --quiet --stages affine --region 0:8,0:8,0:8 \(options)", in: folder)
        #expect(empty.status == status && empty.errors.contains("warning: the registered image is empty"), "\(empty.errors)")
      }
    }
  }

  @Test(arguments: [
    ("nan.txt", ["nan.txt line 4 holds `nan`"]), ("bad.mat", ["bad.mat"]), ("bad.txt", ["bad.txt is no transform that is known"]),
    ("columns.csv", ["columns.csv is no transform that is known", "fixed_z,fixed_y,fixed_x"]),
    ("empty.csv", ["is empty"]), ("far.csv", ["overlap"]),
  ])
  func aDamagedStartIsNamed(name: String, parts: [String]) async throws {
    try await withImagePair { folder in
      try folder.put((0..<300).map { UInt8(truncatingIfNeeded: $0 &* 57) }, "bad.mat")
      try folder.put("nonsense", "bad.txt")
      try folder.put(
        """
        #Insight Transform File V1.0
        #Transform 0
        Transform: AffineTransform_double_3_3
        Parameters: nan 0 0 0 1 0 0 0 1 0 0 0
        FixedParameters: 0 0 0

        """, "nan.txt")
      try folder.put("a,b\n1,2\n", "columns.csv")
      try folder.put("", "empty.csv")
      try folder.put(
        "fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x\n0,0,0,1e5,0,0\n0,0,9,1e5,0,9\n0,9,0,1e5,9,0\n9,0,0,100009,0,0\n", "far.csv")
      await expectError("register @a.nrrd @b.nrrd -o @out --initial-transform @\(name)", in: folder, parts)
      #expect(!folder.names().contains("out"))
    }
  }
}
