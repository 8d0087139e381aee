// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// What `apply`, `evaluate` and `phantom` cannot work with.
struct BadApplyTests {
  @Test func damagedTransformsAreNamed() async throws {
    try await withResult { folder in
      func damage(_ name: String, _ file: String, _ bytes: [UInt8]?) throws {
        try FileManager.default.copyItem(atPath: folder.path("out"), toPath: folder.path(name))
        if let bytes {
          try folder.put(bytes, "\(name)/transforms/\(file)")
        } else {
          try FileManager.default.removeItem(atPath: folder.path("\(name)/transforms/\(file)"))
        }
      }
      let noise = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 57) }
      try damage("t1", "transform.json", nil)
      try damage("t2", "transform.json", Array("{".utf8))
      try damage("t3", "affine.mat", noise)
      try damage("t4", "affine.mat", nil)
      // A warp that the record names, and that is damaged or not there.
      let record = try String(contentsOfFile: folder.path("out/transforms/transform.json"), encoding: .utf8)
      let named = record.replacingOccurrences(of: "\"affine.mat\"", with: "\"coarse_warp.nii.gz\", \"affine.mat\"")
      for name in ["t5", "t6"] { try damage(name, "transform.json", Array(named.utf8)) }
      try folder.put(noise, "t5/transforms/coarse_warp.nii.gz")
      try? FileManager.default.removeItem(atPath: folder.path("t6/transforms/coarse_warp.nii.gz"))
      for name in ["nowhere", "t1", "t2", "t3", "t4", "t5", "t6"] {
        for what in ["-i @b.nrrd -o @x.zarr", "-i @points.csv -o @x.csv"] {
          await expectError("apply -t @\(name) \(what)", in: folder, [name])
        }
      }
      #expect(folder.names().allSatisfy { !$0.hasPrefix("x") && !$0.hasPrefix(".x") })
    }
  }

  @Test func imagesThatDoNotFitAreRefused() async throws {
    try await withResult { folder in
      try folder.nrrd("flat.nrrd", [32, 40])
      await expectError("apply -t @out -i @flat.nrrd -o @x.zarr", in: folder, ["flat.nrrd is 2D, and the transforms are 3D"])
      await expectError("apply -t @out -i @none -o @x.zarr", in: folder, ["none does not exist"])
      await expectError("apply -t @out -i @b.nrrd -o @x.zarr --labels", in: folder, ["float32", "labels are whole numbers"])
      await expectError("apply -t @out -i @b.nrrd -o @x.zarr --input-spacing 1e-300,1,1", in: folder, ["which no image has"])
      await expectError("evaluate --images @b.nrrd @flat.nrrd", in: folder, ["20×20×20", "32×40"])
      await expectError("evaluate --labels @b.nrrd @b.nrrd", in: folder, ["float32", "whole numbers"])
      await expectError("evaluate --truth @none --transforms @out", in: folder, ["truth.json"])
      await expectError("evaluate --landmarks @none --transforms @out", in: folder, ["none"])
    }
  }

  @Test(arguments: [
    ("--like @flat.nrrd", ["flat.nrrd is 2D, and the transforms are 3D"]), ("--like @none", ["none does not exist"]),
    ("--like @a.nrrd --spacing 1,1,1", ["a.nrrd says which voxels", "and so does --spacing 1,1,1"]),
    ("--like @a.nrrd --extent union", ["a.nrrd says which voxels", "and so does --extent union"]),
    ("--spacing 1,1", ["--spacing 1,1 is not 3 distances", "the transforms are 3D"]),
    ("--spacing 0,1,1", ["--spacing 0,1,1 is not 3 distances"]), ("--spacing -1,1,1", ["is not 3 distances"]),
    ("--spacing nan,1,1", ["is not 3 distances"]),
    ("--spacing 1e-9,1,1", ["makes 20000000000×20×20 voxels of an image of 20×20×20"]),
    ("--spacing 1,1,100", ["makes 20×20×0 voxels of an image of 20×20×20"]),
    ("--fill 1e300", ["--fill 1e+300 is no value of float32", "b.nrrd"]),
    ("--interpolation label-vote", ["b.nrrd has voxels of float32, and labels are whole numbers"]),
  ])
  func whatContradictsItselfOrTheImageIsRefused(options: String, messages: [String]) async throws {
    try await withResult { folder in
      try folder.nrrd("flat.nrrd", [32, 40])
      await expectError("apply -t @out -i @b.nrrd -o @x.zarr \(options)", in: folder, messages)
      #expect(folder.names().allSatisfy { !$0.hasPrefix("x") && !$0.hasPrefix(".x") })
    }
  }

  @Test func labelsAndPointsHaveTheirOwnOptions() async throws {
    try await withResult { folder in
      let whole = await weft("convert @b.nrrd @bytes.ome.zarr --dtype uint8", in: folder)
      try #require(whole.status == .done, "\(whole.errors)")
      for fill in ["300", "-1", "0.5", "nan"] {
        await expectError(
          "apply -t @out -i @bytes.ome.zarr -o @x.zarr --fill \(fill)", in: folder,
          ["--fill \(fill) is no value of uint8", "from 0 to 255"])
      }
      await expectError(
        "apply -t @out -i @bytes.ome.zarr -o @x.zarr --labels --interpolation cubic", in: folder,
        ["bytes.ome.zarr holds labels", "--interpolation cubic blends"])
      for option in [
        "--like @a.nrrd", "--spacing 1,1,1", "--extent union", "--fill 3", "--labels", "--interpolation nearest", "--format tiff",
        "--ome-version 0.4", "--input-spacing 1,1,1", "--axes zyx",
      ] {
        let name = String(option.split(separator: " ")[0])
        await expectError("apply -t @out -i @points.csv -o @x.csv \(option)", in: folder, ["\(name) is for images", "points.csv"])
      }
      await expectError("apply -t @out -i @b.nrrd -o @x.zarr --voxels", in: folder, ["--voxels", "points", "b.nrrd is an image"])
      for output in ["x.geojson", "x.json", "x.ome.zarr", "x.tif", "x"] {
        await expectError("apply -t @out -i @points.csv -o @\(output)", in: folder, [output, "points.csv", ".csv"])
      }
      for output in ["x.csv", "x.ome.zarr", "x"] {
        await expectError("apply -t @out -i @flat.geojson -o @\(output)", in: folder, [output, "flat.geojson", ".geojson or .json"])
      }
      await expectError("apply -t @out -i @b.nrrd -o @x.geojson", in: folder, ["images are not written as .geojson"])
      try folder.put("{\"type\": \"Point\", \"coordinates\": [1, 2]}", "flat.geojson")
      await expectError("apply -t @out -i @flat.geojson -o @x.geojson", in: folder, ["flat.geojson is GeoJSON, which is 2D", "are 3D"])
      await expectError("apply -t @out -i @b.nrrd -o @a.nrrd --like @a.nrrd --overwrite", in: folder, ["is the input", "a.nrrd"])
      await expectError("register @a.nrrd @b.nrrd -o @o --interpolation label-vote", in: folder, ["label-vote is for labels"])
      #expect(folder.names().allSatisfy { !$0.hasPrefix("x") && !$0.hasPrefix(".x") })
    }
  }

  @Test(arguments: [
    ("a,b\n1,2\n", "no column `z`"), ("z,y,x\n1,2,foo\n", "line 2 has `foo` in the column `x`, which is not a number"),
    ("z,y,x\n1,2,nan\n", "line 2 has `nan`"),
    ("z,y,x\n1,2\n", "line 2 has 2 fields"), ("", "is empty"),
  ])
  func aDamagedTableIsNamedWithItsLine(text: String, message: String) async throws {
    try await withResult { folder in
      try folder.put(text, "bad.csv")
      await expectError("apply -t @out -i @bad.csv -o @x.csv", in: folder, ["bad.csv", message])
      #expect(!folder.names().contains("x.csv"))
    }
  }

  @Test func pointsFarOutsideDoNotTrap() async throws {
    try await withResult { folder in
      try folder.put("z,y,x\n1e300,1,2\n-1e300,0,0\n1e18,1e18,1e18\n", "far.csv")
      for target in ["fixed", "moving"] {
        let run = await weft("apply -t @out -i @far.csv -o @\(target).csv --to \(target)", in: folder)
        #expect(run.status == .done || run.errors.hasPrefix("error: "), "\(run.errors)")
      }
    }
  }

  @Test(arguments: [
    "--shape 99999999999", "--shape 32 --spacing 0,1,1", "--shape 32 --spacing 1,1", "--shape 32 --displacement 1e9",
    "--shape 32 --spacing 1e300,1,1",
  ])
  func aPhantomThatCannotBeIsRefused(options: String) async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      await expectError("phantom @pair \(options)", in: folder, [])
      #expect(folder.names().isEmpty)
      try folder.put("mine", "file")
      await expectError("phantom @file --shape 32", in: folder, ["file cannot be written"])
    }
  }

  private func withResult(_ body: (ImageFolder) async throws -> Void) async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      try folder.nrrd("b.nrrd", [20, 20, 20]) { ImageFolder.waves($0, $1 + 1, $2) }
      try folder.put("z,y,x\n1,2,3\n", "points.csv")
      let made = await weft("register @a.nrrd @b.nrrd -o @out --accuracy draft --stages warp", in: folder)
      try #require(made.status == .done, "\(made.errors)")
      try await body(folder)
    }
  }
}
