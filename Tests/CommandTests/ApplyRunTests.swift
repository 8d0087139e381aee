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
      #expect(try weft(["status", out]).errors.contains("holds no run"))
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

  @Test func nothingStaysOfAnApplicationThatCannotBegin() throws {
    try withRegistration { folder, apply in
      let out = folder + "/new/out.ome.zarr"
      let refused = try weft(apply + [out, "--axes", "tcc"])
      #expect(refused.status != 0)
      let tight = try weft(apply + [out, "--memory", "nonsense"])
      #expect(tight.status == 2)
      #expect(!FileManager.default.fileExists(atPath: folder + "/new"))
      #expect(try weft(apply + [out, "--memory", "100MB"]).status == 0)
    }
  }
}
