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

  @Test(arguments: [
    ("bad.mat", ["bad.mat"]), ("bad.txt", ["bad.txt", "cannot be read as a transform"]), ("columns.csv", ["no column `fixed_y`"]),
    ("empty.csv", ["is empty"]), ("far.csv", ["overlap"]),
  ])
  func aDamagedStartIsNamed(name: String, parts: [String]) async throws {
    try await withImagePair { folder in
      try folder.put((0..<300).map { UInt8(truncatingIfNeeded: $0 &* 57) }, "bad.mat")
      try folder.put("nonsense", "bad.txt")
      try folder.put("a,b\n1,2\n", "columns.csv")
      try folder.put("", "empty.csv")
      try folder.put(
        "fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x\n0,0,0,1e5,0,0\n0,0,9,1e5,0,9\n0,9,0,1e5,9,0\n9,0,0,100009,0,0\n", "far.csv")
      await expectError("register @a.nrrd @b.nrrd -o @out --initial-transform @\(name)", in: folder, parts)
      #expect(!folder.names().contains("out"))
    }
  }
}
