// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Registrations with levels of blocks between the coarse stage and full resolution.
@Suite(.serialized) struct CascadeTests {
  private struct Evaluation: Decodable {
    struct Errors: Decodable {
      struct Pair: Decodable {
        struct Numbers: Decodable { var mean, percentile95, largest: Double }
        var before: Numbers
        var after: Numbers
      }
      var foreground: Pair
    }
    var endPointErrors: Errors
  }

  private struct Plan: Decodable {
    struct Level: Decodable { var scale: Int, blocks: Int }
    var coarserLevels: [Level]?
    var expectedMemory: Int
    var memoryBudget: Int
  }

  private struct Measured: Decodable { var peakMemory: Int }

  private func json<Value: Decodable>(_ words: [String], as type: Value.Type) throws -> Value {
    let run = try weft(words + ["--json", "-q"])
    try #require(run.status == 0, "\(words): \(run.errors)")
    return try JSONDecoder().decode(Value.self, from: Data(run.output.utf8))
  }

  /// Registers a pair under a budget.
  ///
  /// - Returns: the mean error in the foreground, in voxels, before and after.
  private func error(_ folder: String, _ name: String, _ options: [String]) throws -> (before: Double, after: Double) {
    let pair = ["\(folder)/pair/fixed.ome.zarr", "\(folder)/pair/moving.ome.zarr"]
    let plan = try json(["plan", "register"] + pair + options, as: Plan.self)
    #expect(plan.expectedMemory <= plan.memoryBudget)
    let peak = try json(["register", "-o", "\(folder)/\(name)"] + pair + options, as: Measured.self).peakMemory
    #expect(peak <= plan.expectedMemory, "\(name): \(peak / 1_000_000) of \(plan.expectedMemory / 1_000_000) MB")
    let found = try json(["evaluate", "--truth", "\(folder)/pair", "--transforms", "\(folder)/\(name)"], as: Evaluation.self)
      .endPointErrors.foreground
    print(
      "\(name), levels \(plan.coarserLevels.map { $0.map(\.scale) + [1] } ?? [1]): \(found.before.mean) to \(found.after.mean) voxels (95 %: \(found.after.percentile95)), peak \(peak / 1_000_000) MB"
    )
    return (found.before.mean, found.after.mean)
  }

  /// A displacement of 150 voxels: one coarse step at a factor that suits a large volume leaves more than the blocks' halo holds; levels
  /// between find it.
  @Test func levelsFindWhatOneStepDoesNot() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "2048,2048", "--displacement", "150", "--seed", "1", "-q"]).status == 0)
      let options = [
        "--downsample", "32", "--memory", "150MB", "--chunk-size", "128", "--threads", "2", "--initial-transform",
        folder + "/pair/landmarks.csv",
      ]
      let single = try error(folder, "single", options + ["--levels", "1"])
      let cascade = try error(folder, "cascade", options)
      #expect(single.before > 20 && cascade.after < 0.5 && cascade.after < single.after / 5, "\(single) \(cascade)")
    }
  }

  @Test func aRunKilledInEachStageOfALevelEndsAsIfNothingHadBeen() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "96", "--seed", "3", "-q"]).status == 0)
      let register =
        ["register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--chunk-size", "24", "--accuracy", "draft", "-q"]
        + ["--levels", "2,1"]
      try #require(weft(register + ["-o", folder + "/undisturbed", "--threads", "1"]).status == 0)
      let out = folder + "/killed"
      for stage in ["fine-2", "blend-2", "repair-2", "carry", "fine", "compose"] {
        try weft(register + ["-o", out], endedOnce: out + "/.weft/\(stage)/ledger")
        if stage == "carry" {
          let status = try weft(["status", out])
          #expect(status.output.contains("fine-2") && status.output.contains("carry"), "\(status.output)")
        }
      }
      try #require(weft(["resume", out, "-q"]).status == 0 || FileManager.default.fileExists(atPath: out + "/run.json"))
      let (expected, found) = try (resultFiles(folder + "/undisturbed"), resultFiles(out))
      #expect(expected.count > 5 && expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }

      let rows = try String(contentsOfFile: out + "/blocks.csv", encoding: .utf8).split(separator: "\n")
      #expect(rows[0].contains(",message,verdict,") && rows[0].hasSuffix(",scale") && rows.count == 1 + 64 + 8)
      #expect(rows[1...64].allSatisfy { $0.hasSuffix(",1") } && rows[65...].allSatisfy { $0.hasSuffix(",2") })
      let timings = try String(contentsOfFile: out + "/timings.csv", encoding: .utf8)
      #expect(timings.contains("\nfine-2/7,") && timings.contains("\ncompose/0,"))
      let record = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: out + "/run.json"))) as? [String: Any])
      let levels = try #require(record["coarserLevels"] as? [[String: Any]])
      #expect(levels.count == 1 && levels[0]["scale"] as? Int == 2 && levels[0]["factors"] as? [Int] == [2, 2, 2])
    }
  }

  @Test func changedLevelsRedoTheBlocksButNotTheCoarseStage() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "96", "--seed", "3", "-q"]).status == 0)
      let register = [
        "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--accuracy", "draft", "-o", folder + "/out",
      ]
      try #require(weft(register + ["--keep-work"]).status == 0)
      let again = try weft(register + ["--overwrite", "--levels", "2,1"])
      #expect(again.status == 0 && again.errors.contains("fine-2 …") && !again.errors.contains("coarse …"), "\(again.errors)")
      #expect(try weft(register + ["--levels", "2,0"]).status == 2)
    }
  }

  @Test func levelsThatWereNotNeededYetArePlannedWithTheBlocks() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "96", "--seed", "3", "-q"]).status == 0)
      let register = [
        "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--accuracy", "draft", "--levels", "2,1", "-o",
        folder + "/out", "--keep-work",
      ]
      try #require(weft(register + ["--stages", "affine,warp"]).status == 0)
      let again = try weft(register + ["--overwrite"])
      #expect(again.status == 0 && again.errors.contains("fine-2 …"), "\(again.errors)")
    }
  }
}
