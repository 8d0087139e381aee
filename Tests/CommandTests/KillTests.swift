// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A registration that is killed again and again ends as if nothing had been.
struct KillTests {
  /// Five kills, fifty with `Tests/run --full`.
  private static let kills = isFullRun ? 50 : 5

  /// Tasks on record, by stage and number, with how often each was recorded.
  private func recorded(_ folder: String) -> [String: Int] {
    var counts: [String: Int] = [:]
    for case let name as String in FileManager.default.enumerator(atPath: folder + "/.weft") ?? .init() where name.hasSuffix(".jsonl") {
      let stage = name.split(separator: "/")[0]
      let text = (try? String(contentsOfFile: folder + "/.weft/" + name, encoding: .utf8)) ?? ""
      for line in text.split(separator: "\n") {
        guard let entry = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], let task = entry["task"] as? Int
        else { continue }
        counts["\(stage)/\(task)", default: 0] += 1
      }
    }
    return counts
  }

  /// Each start is killed once some more tasks are on record and, after that, somewhere in the next one.
  @Test func aRunThatIsKilledAgainAndAgainEndsAsIfNothingHadBeen() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", Self.kills > 5 ? "160" : "96", "--seed", "3", "-q"]).status == 0)
      let register = [
        "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--chunk-size", "24", "--accuracy", "draft", "-q",
      ]
      let began = Date()
      try #require(weft(register + ["-o", folder + "/undisturbed"]).status == 0)
      let seconds = Date().timeIntervalSince(began)
      let rows = try String(contentsOfFile: folder + "/undisturbed/timings.csv", encoding: .utf8).split(separator: "\n")
      let tasks = rows.filter { $0.contains("/") }.count
      var generator = SeededGenerator(seed: 5)
      let out = folder + "/killed"
      var before: [String: Int] = [:]
      var killed = 0
      for left in (1...Self.kills).reversed() {
        let process = try startedWeft(register + ["-o", out])
        // Each start is left its share of what is still to do, and the end to the last one.
        let wanted = before.count + Int.random(in: 0...max(0, (tasks - before.count) / (left + 1) - 2), using: &generator)
        while process.isRunning, recorded(out).count < wanted { Thread.sleep(forTimeInterval: 0.002) }
        Thread.sleep(forTimeInterval: min(0.15, seconds / Double(tasks)) * Double.random(in: 0..<1, using: &generator))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        // On a busy machine the run may be faster than who watches it.
        guard process.terminationReason == .uncaughtSignal else { break }
        killed += 1
        // What was on record stays on record, and nothing is done twice.
        let now = recorded(out)
        for (task, count) in before { #expect(now[task] == count, "\(task)") }
        before = now
      }
      print(
        "killed \(killed) times; \(before.count) of \(tasks) tasks were on record then, each once: \(before.values.allSatisfy { $0 == 1 })"
      )
      #expect(before.values.allSatisfy { $0 == 1 })
      try #require(killed > Self.kills / 2, "it ended before it was killed")
      if killed == Self.kills { try #require(weft(register + ["-o", out]).status == 0) }
      let (expected, found) = try (resultFiles(folder + "/undisturbed"), resultFiles(out))
      #expect(expected.count > 5 && expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
      #expect(!FileManager.default.fileExists(atPath: out + "/.weft"))
    }
  }

  @Test func theSecondOfTwoRunsOnOneOutputIsRefused() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "96", "-q"]).status == 0)
      let register = ["register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "-o", folder + "/out", "-q"]
      let first = try startedWeft(register)
      while first.isRunning, !FileManager.default.fileExists(atPath: folder + "/out/.weft/plan.json") {
        Thread.sleep(forTimeInterval: 0.005)
      }
      kill(first.processIdentifier, SIGSTOP)
      let second = try weft(register)
      #expect(second.status == 1 && second.errors.contains("another run (process \(first.processIdentifier)"), "\(second.errors)")
      let status = try weft(["status", folder + "/out"])
      #expect(status.status == 0 && status.output.contains("at work: process \(first.processIdentifier)"), "\(status.output)")
      kill(first.processIdentifier, SIGCONT)
      first.waitUntilExit()
      #expect(first.terminationStatus == 0)
    }
  }

  @Test func aFlippedBitInABlocksFieldIsFoundAndTheBlockDoneAgain() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "64", "--seed", "2", "-q"]).status == 0)
      let register = [
        "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--chunk-size", "32", "--stages", "affine,fine",
        "-q",
      ]
      try #require(weft(register + ["-o", folder + "/undisturbed"]).status == 0)
      let out = folder + "/out"
      // All but the end is there again; then a bit flips.
      try #require(weft(register + ["-o", out, "--keep-work"]).status == 0)
      let work = out + "/.weft"
      let fields = try FileManager.default.contentsOfDirectory(atPath: work + "/fine").filter { $0.hasSuffix(".f32") }.sorted()
      let name = try #require(fields.first)
      var data = try Data(contentsOf: URL(fileURLWithPath: work + "/fine/" + name))
      data[100] ^= 1
      try data.write(to: URL(fileURLWithPath: work + "/fine/" + name))
      try FileManager.default.removeItem(atPath: work + "/blend")
      let again = try weft(register.filter { $0 != "-q" } + ["-o", out, "--overwrite"])
      #expect(again.status == 0 && again.errors.contains("\(name) is damaged"), "\(again.errors)")
      let (expected, found) = try (resultFiles(folder + "/undisturbed"), resultFiles(out))
      #expect(expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }
  }

  @Test func aChangedParameterRedoesOnlyWhatItActsOn() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "64", "--seed", "2", "-q"]).status == 0)
      let register = [
        "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--chunk-size", "32", "-o", folder + "/out",
      ]
      try #require(weft(register + ["--keep-work"]).status == 0)
      let again = try weft(register + ["--overwrite", "--keep-work", "--blend-sigma", "0.3"])
      #expect(again.status == 0 && again.errors.contains("blend sigma: 0.5 → 0.3"), "\(again.errors)")
      #expect(again.errors.contains("blend …") && !again.errors.contains("fine …") && !again.errors.contains("coarse …"), "\(again.errors)")
      let finer = try weft(register + ["--overwrite", "--blend-sigma", "0.3", "--field-stride", "4"])
      #expect(finer.status == 0 && finer.errors.contains("field stride: 2 → 4"), "\(finer.errors)")
      #expect(finer.errors.contains("fine …") && !finer.errors.contains("coarse …"), "\(finer.errors)")
      let record = try String(contentsOfFile: folder + "/out/transforms/transform.json", encoding: .utf8)
      #expect(record.contains("\"fieldStride\" : 4"), "\(record)")
    }
  }

  @Test func aChangedInputIsRefusedWithoutOverwrite() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "96", "-q"]).status == 0)
      let register = ["register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "-o", folder + "/out", "-q"]
      let process = try startedWeft(register)
      while process.isRunning, recorded(folder + "/out").isEmpty { Thread.sleep(forTimeInterval: 0.005) }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let changed = folder + "/pair/moving.ome.zarr/zarr.json"
      try (String(contentsOfFile: changed, encoding: .utf8) + "\n").write(toFile: changed, atomically: true, encoding: .utf8)
      let refused = try weft(register)
      #expect(refused.status == 1 && refused.errors.contains("moving.ome.zarr: it had"), "\(refused.errors)")
      #expect(try weft(register + ["--overwrite"]).status == 0)
    }
  }

  @Test func anotherResultInTheFolderThatARegistrationStartsFromIsNoticed() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "64,80", "--seed", "2", "-q"]).status == 0)
      let register = ["register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--accuracy", "draft", "--overwrite"]
      func start(_ metric: String) throws {
        let run = try weft(register + ["-o", folder + "/earlier", "--stages", "affine", "--metric", metric, "-q"])
        try #require(run.status == 0, "\(run.errors)")
      }
      let later = register + ["-o", folder + "/out", "--initial-transform", folder + "/earlier", "--keep-work"]
      try start("lncc")
      try #require(weft(later + ["-q"]).status == 0)
      let same = try weft(later)
      #expect(same.status == 0 && !same.errors.contains("coarse …") && !same.errors.contains("initial transform"), "\(same.errors)")
      try start("mse")
      let other = try weft(later)
      #expect(other.status == 0 && other.errors.contains("initial transform") && other.errors.contains("coarse …"), "\(other.errors)")
    }
  }
}
