// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What becomes of a local field that was damaged, in a run that goes on and in one that is finished.
@Suite(.serialized) struct DamagedFieldTests {
  private func register(_ folder: String) throws -> [String] {
    try #require(weft(["phantom", folder + "/pair", "--shape", "160", "--seed", "3", "-q"]).status == 0)
    return [
      "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--accuracy", "draft", "--chunk-size", "80",
      "--threads", "2", "-q",
    ]
  }

  private func chunks(_ field: String) throws -> [String] {
    try resultFiles(field).keys.filter { $0.hasPrefix("0/c/") && !$0.contains(".tmp-") }.map { field + "/" + $0 }.sorted()
  }

  private func flipBits(_ path: String) throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes[bytes.count / 2] ^= 0xff
    try bytes.write(to: URL(fileURLWithPath: path))
  }

  @Test func whatIsDamagedAfterResamplingIsMadeAgainBeforeItIsPublished() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      let register = try register(folder)
      try #require(weft(register + ["-o", folder + "/undisturbed"]).status == 0)
      let out = folder + "/out"
      try weft(register + ["-o", out], endedOnce: out + "/.weft/fine/ledger")
      for stage in ["fine", "retry", "blend", "check", "repair", "quality", "resample"] {
        try #require(weft(["task", "run", "--run-dir", out + "/.weft", "--stage", stage, "-q"]).status == 0, "\(stage)")
      }
      let field = out + "/.weft/blend/field.ome.zarr"
      try flipBits(chunks(field)[3])
      try FileManager.default.removeItem(atPath: field + "/0/zarr.json")
      try Data("{".utf8).write(to: URL(fileURLWithPath: field + "/zarr.json"))
      try Data(count: 9).write(to: URL(fileURLWithPath: (chunks(field)[0] as NSString).deletingLastPathComponent + "/.tmp-1-2-3"))
      let resumed = try weft(["resume", out])
      #expect(resumed.status == 0 && resumed.errors.contains("is damaged"), "\(resumed.errors)")
      let (expected, found) = try (resultFiles(folder + "/undisturbed"), resultFiles(out))
      #expect(expected.count > 5 && expected.keys == found.keys, "\(Set(found.keys).symmetricDifference(expected.keys))")
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }
  }

  @Test func aFinishedRegistrationIsNeverChangedByItsUse() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(register(folder) + ["-o", folder + "/out"]).status == 0)
      let damaged = try chunks(folder + "/out/transforms/field.ome.zarr")[3]
      try flipBits(damaged)
      let before = try Data(contentsOf: URL(fileURLWithPath: damaged))
      let apply = ["apply", "-t", folder + "/out", "-i", folder + "/pair/moving.ome.zarr", "-o", folder + "/again.ome.zarr"]
      for _ in 0..<2 {
        let run = try weft(apply)
        #expect(run.status == 1 && run.errors.contains("is damaged") && run.errors.contains("run the registration again"), "\(run.errors)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: damaged)) == before)
        #expect(!FileManager.default.fileExists(atPath: folder + "/again.ome.zarr"))
      }
    }
  }

  @Test func anEmptyNameIsNoFolder() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      let register = try register(folder)
      let run = try weft(register + ["-o", ""])
      #expect(run.status == 2 && run.errors.contains("`-o` was given an empty value"), "\(run.errors)")
      let apply = try weft(["apply", "-t", folder, "-i", folder + "/pair/moving.ome.zarr", "--output="])
      #expect(apply.status == 2 && apply.errors.contains("`--output` was given an empty value"), "\(apply.errors)")
    }
  }
}
