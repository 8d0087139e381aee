// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `weft apply` is a run of tasks like any other: it survives kills, is looked at, gone on with and dropped.
@Suite(.serialized) struct ApplyRunTests {
  /// A registered pair, and the words that bring its moving image along.
  private func withRegistration(_ body: (_ folder: String, _ apply: [String]) throws -> Void) throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "144", "-q"]).status == 0)
      let pair = [folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr"]
      try #require(weft(["register", "-q", "-o", folder + "/out", "--stages", "affine,warp", "--accuracy", "draft"] + pair).status == 0)
      try body(folder, ["apply", "-q", "--threads", "1", "-t", folder + "/out", "-i", pair[1], "-o"])
    }
  }

  @Test func anApplicationThatIsKilledEndsAsIfNothingHadBeen() throws {
    try withRegistration { folder, apply in
      try #require(weft(apply + [folder + "/whole.ome.zarr"]).status == 0)
      let out = folder + "/out.ome.zarr"
      let work = folder + "/.out.ome.zarr.weft"
      try weft(apply + [out], endedOnce: work + "/resample/ledger")
      #expect(!FileManager.default.fileExists(atPath: out))
      let status = try weft(["status", out])
      #expect(status.status == 0 && status.output.contains("resample") && status.output.contains("weft resume"), "\(status.output)")
      let stopped = try weft(["resume", out, "--threads", "1", "-q"], endedOnce: work + "/resample/ledger", by: SIGTERM)
      #expect(stopped == 130 && FileManager.default.fileExists(atPath: work + "/plan.json"))
      let task = try weft(["task", "run", "--run-dir", work, "--stage", "resample", "-q"])
      #expect(task.status == 0, "\(task.errors)")
      let end = try weft(["resume", out, "-q"])
      #expect(end.status == 0 && end.output.contains(out), "\(end.errors)")
      let (whole, found) = try (resultFiles(folder + "/whole.ome.zarr"), resultFiles(out))
      #expect(whole.count > 10 && whole.keys == found.keys)
      // The metadata hold the image's name.
      for (name, bytes) in whole where name != "zarr.json" { #expect(found[name] == bytes, "\(name)") }
      #expect(!FileManager.default.fileExists(atPath: work))
      #expect(try weft(["status", out]).output.contains("is finished"))
    }
  }

  /// The lattice is part of the plan: what it was made like need not be there when the run goes on.
  @Test func aKilledApplicationOntoOtherVoxelsEndsAsIfNothingHadBeen() throws {
    try withRegistration { folder, apply in
      let like = folder + "/like.ome.zarr"
      try #require(weft(["convert", folder + "/pair/fixed.ome.zarr", like, "-q"]).status == 0)
      let settings = [
        ["--like", like, "--interpolation", "nearest"], ["--spacing", "0.8,1.1,0.9", "--extent", "union", "--fill", "7"],
        ["--to", "moving"],
      ]
      for (number, more) in settings.enumerated() {
        let (whole, out) = (folder + "/whole\(number).ome.zarr", folder + "/out\(number).ome.zarr")
        try #require(weft(apply + [whole] + more).status == 0)
        try weft(apply + [out] + more, endedOnce: folder + "/.out\(number).ome.zarr.weft/resample/ledger")
        if number == 0 { try FileManager.default.removeItem(atPath: like) }
        let end = try weft(["resume", out, "--threads", "2", "-q"])
        #expect(end.status == 0, "\(end.errors)")
        let (one, other) = try (resultFiles(whole), resultFiles(out))
        #expect(one.count > 10 && one.keys == other.keys)
        for (name, bytes) in one where name != "zarr.json" { #expect(other[name] == bytes, "\(name)") }
        #expect(end.output.contains("misses by up to") == more.contains("moving"), "\(end.output)")
      }
    }
  }

  @Test func anotherLatticeBeginsAnew() throws {
    try withRegistration { folder, apply in
      let out = folder + "/out.ome.zarr"
      try weft(apply + [out], endedOnce: folder + "/.out.ome.zarr.weft/resample/ledger")
      let again = try weft(apply.filter { $0 != "-q" } + [out, "--spacing", "2,2,2"])
      #expect(again.status == 0 && again.errors.contains("grid"), "\(again.errors)")
      let plain = try weft(apply + [folder + "/plain.ome.zarr", "--spacing", "2,2,2"])
      #expect(plain.status == 0)
      let (one, other) = try (resultFiles(folder + "/plain.ome.zarr"), resultFiles(out))
      for (name, bytes) in one where name != "zarr.json" { #expect(other[name] == bytes, "\(name)") }
    }
  }

  @Test func anApplicationBegunWithOtherTransformsIsNotGoneOnWith() throws {
    try withRegistration { folder, apply in
      let out = folder + "/out.tif"
      let work = folder + "/.out.tif.weft"
      try weft(apply + [out], endedOnce: work + "/resample/ledger")
      let affine = folder + "/out/transforms/affine.mat"
      let bytes = try Data(contentsOf: URL(fileURLWithPath: affine))
      try bytes.write(to: URL(fileURLWithPath: affine), options: .atomic)
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: affine)
      let again = try weft(apply + [out])
      #expect(again.status == 1 && again.errors.contains("affine.mat: it was last changed") && again.errors.contains("--overwrite"))
      #expect(try weft(["cancel", out, "--clean"]).status == 0)
      #expect(!FileManager.default.fileExists(atPath: work))
      #expect(try weft(apply + [out]).status == 0 && FileManager.default.fileExists(atPath: out))
    }
  }

  /// What comes into being, or changes, while a run is under way.
  @Test func whatOthersDoMeanwhileIsNotLost() throws {
    try withRegistration { folder, apply in
      let out = folder + "/out.tif"
      let work = folder + "/.out.tif.weft"
      try weft(apply + [out, "--overwrite"], endedOnce: work + "/resample/ledger")
      // Somebody else's file.
      try Data("mine".utf8).write(to: URL(fileURLWithPath: out))
      #expect(try weft(apply + [out]).errors.contains("\(out) exists"))
      #expect(try String(contentsOfFile: out, encoding: .utf8) == "mine" && FileManager.default.fileExists(atPath: work + "/plan.json"))
      // A resumed run refuses another input, though the run was begun with --overwrite.
      let metadata = folder + "/pair/moving.ome.zarr/zarr.json"
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: 1e9)], ofItemAtPath: metadata)
      #expect(try weft(["resume", out]).errors.contains("had another input"))
      let again = try weft(apply.filter { $0 != "-q" } + [out, "--overwrite"])
      #expect(again.status == 0 && again.errors.contains("is dropped"), "\(again.errors)")
      #expect(!FileManager.default.fileExists(atPath: work))
      #expect(try weft(apply + [folder + "/small.tif", "--memory", "1MB"]).errors.contains("--memory allows 1.0 MB"))
      #expect(try weft(apply + ["/dev/full", "--format", "tiff", "--overwrite"]).errors.contains("/dev/full is a device"))
      try FileManager.default.createSymbolicLink(atPath: folder + "/link.tif", withDestinationPath: folder + "/out.tif")
      #expect(try weft(apply + [folder + "/link.tif", "--overwrite"]).errors.contains("link.tif is a link"))
      let transforms = try weft(apply + [folder + "/out/transforms/affine.mat", "--format", "tiff", "--overwrite"])
      #expect(transforms.status == 1 && transforms.errors.contains("lies inside"), "\(transforms.errors)")
    }
  }

  @Test func aFlippedBitInWhatIsExportedIsFoundAndMadeAgain() throws {
    try withRegistration { folder, apply in
      try #require(weft(apply + [folder + "/whole.tif"]).status == 0)
      let out = folder + "/out.tif"
      let work = folder + "/.out.tif.weft"
      try weft(apply + [out], endedOnce: work + "/resample/ledger")
      let files = try FileManager.default.subpathsOfDirectory(atPath: work + "/resample")
      let chunk = try #require(files.sorted().first { $0.contains(".partial-run/0/c/") && $0.split(separator: "/").count == 6 })
      var bytes = try Data(contentsOf: URL(fileURLWithPath: work + "/resample/" + chunk))
      bytes[bytes.count / 2] ^= 16
      try bytes.write(to: URL(fileURLWithPath: work + "/resample/" + chunk))
      let end = try weft(apply + [out])
      #expect(end.status == 0 && end.errors.contains("is damaged"), "\(end.errors)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/whole.tif")) == Data(contentsOf: URL(fileURLWithPath: out)))
    }
  }

  @Test func aFlippedBitInTheExportedFileIsFoundBeforeItIsPublished() throws {
    try withRegistration { folder, apply in
      try #require(weft(apply + [folder + "/whole.tif"]).status == 0)
      let out = folder + "/out.tif"
      let work = folder + "/.out.tif.weft"
      try weft(apply + [out], endedOnce: work + "/resample/ledger")
      for stage in ["resample", "export"] { try #require(weft(["task", "run", "-q", "--run-dir", work, "--stage", stage]).status == 0) }
      let exported = URL(fileURLWithPath: work + "/export/image/out.tif")
      var bytes = try Data(contentsOf: exported)
      bytes[bytes.count / 2] ^= 16
      try bytes.write(to: exported)
      let end = try weft(["resume", out, "-q"])
      #expect(end.status == 0, "\(end.errors)")
      #expect(try Data(contentsOf: URL(fileURLWithPath: folder + "/whole.tif")) == Data(contentsOf: URL(fileURLWithPath: out)))
    }
  }

  @Test func nothingStaysOfAnApplicationThatCannotBegin() throws {
    try withRegistration { folder, apply in
      let out = folder + "/new/out.ome.zarr"
      let chunk = URL(fileURLWithPath: folder + "/pair/moving.ome.zarr/0/c/0/0/0")
      let bytes = try Data(contentsOf: chunk)
      try bytes.prefix(bytes.count / 2).write(to: chunk)
      let refused = try weft(apply + [out])
      #expect(refused.status == 1 && refused.errors.contains(chunk.path), "\(refused.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
      try bytes.write(to: chunk)
      #expect(try weft(apply + [out, "--memory", "120MB"]).status == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/new") == ["out.ome.zarr"])
    }
  }
}
