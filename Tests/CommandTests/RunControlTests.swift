// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Runs that are stopped, moved, and gone on with from the command line.
struct RunControlTests {
  /// A pair and a command that registers it into `out`, in a folder of its own.
  private func withPair(_ body: (_ folder: String, _ register: [String]) throws -> Void) throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "64", "--seed", "6", "-q"]).status == 0)
      try body(
        folder,
        ["register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "-o", folder + "/out", "--chunk-size", "32", "-q"])
    }
  }

  /// Starts a command, and comes back when a file is there.
  private func started(_ words: [String], until file: String) throws -> Process {
    let process = try startedWeft(words)
    while process.isRunning, !FileManager.default.fileExists(atPath: file) { Thread.sleep(forTimeInterval: 0.002) }
    return process
  }

  private func differences(_ one: String, _ other: String) throws -> Bool {
    let process = try Process.run(
      URL(fileURLWithPath: "/usr/bin/diff"), arguments: ["-r", "-q", "-x", "timings.csv", "-x", "report.*", one, other])
    process.waitUntilExit()
    return process.terminationStatus != 0
  }

  @Test func aRunIsCancelledGoneOnWithAndDropped() throws {
    try withPair { folder, register in
      let process = try started(register, until: folder + "/out/.weft/coarse/transforms")
      let cancelled = try weft(["cancel", folder + "/out"])
      process.waitUntilExit()
      #expect(cancelled.status == 0 && cancelled.output.contains("stopped"), "\(cancelled.errors)")
      #expect(process.terminationStatus == 130)
      #expect(try weft(["status", folder + "/out"]).output.contains("not running"))
      #expect(try weft(["cancel", folder + "/out"]).output.contains("was not running"))
      #expect(try weft(["cancel", folder + "/out", "--clean"]).status == 0)
      #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
      #expect(try weft(["resume", folder + "/out"]).errors.contains("holds no run"))
    }
  }

  @Test func whoWatchesARunIsToldHowItEnded() throws {
    try withPair { folder, register in
      for (signal, ending) in [(SIGKILL, "the run was stopped before its end"), (SIGCONT, "the run finished: \(folder)/out")] {
        let process = try started(register, until: folder + "/out/.weft/coarse/transforms")
        kill(process.processIdentifier, SIGSTOP)
        let identifier = process.processIdentifier
        DispatchQueue.global().asyncAfter(deadline: .now() + 1) { kill(identifier, signal) }
        let watched = try weft(["status", folder + "/out", "--watch"])
        process.waitUntilExit()
        #expect(watched.status == 0 && watched.output.contains("at work") && watched.output.contains(ending), "\(watched.output)")
        try FileManager.default.removeItem(atPath: folder + "/out")
      }
    }
  }

  /// With another number of threads and another budget: no result depends on them.
  @Test func aFolderThatWasMovedIsGoneOnWithWhereItIs() throws {
    try withPair { folder, register in
      let process = try started(register, until: folder + "/out/.weft/coarse/transforms")
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      try FileManager.default.moveItem(atPath: folder + "/out", toPath: folder + "/elsewhere")
      let resumed = try weft(["resume", folder + "/elsewhere", "--threads", "1", "--memory", "3GB", "-q"])
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder + "/out"))
      try #require(weft(register).status == 0)
      // The budget is a parameter that run.json and the plan that is kept tell.
      for place in ["out", "elsewhere"] {
        try FileManager.default.removeItem(atPath: folder + "/\(place)/blocks/plan.json")
        let record = folder + "/\(place)/run.json"
        let lines = try String(contentsOfFile: record, encoding: .utf8).split(separator: "\n").filter { !$0.contains("memoryBytes") }
        try lines.joined(separator: "\n").write(toFile: record, atomically: true, encoding: .utf8)
      }
      #expect(try !differences(folder + "/out", folder + "/elsewhere"))
    }
  }

  /// The process ended when some results had their final names and others had not.
  @Test func aPublicationThatWasBegunIsEnded() throws {
    try withPair { folder, register in
      let (out, work) = (folder + "/out", folder + "/out/.weft")
      try #require(weft(register + ["--keep-work"]).status == 0)
      let status = try weft(["status", out])
      #expect(status.output.contains("the run finished") && !status.output.contains("resume"), "\(status.output)")
      let files = FileManager.default
      try files.copyItem(atPath: out, toPath: folder + "/whole")
      let ledgers = work + "/finish/ledger"
      let ledger = try String(contentsOfFile: ledgers + "/" + #require(files.contentsOfDirectory(atPath: ledgers).first), encoding: .utf8)
      let entry = try #require(JSONSerialization.jsonObject(with: Data(ledger.utf8)) as? [String: Any])
      let key = try #require(entry["key"] as? String)
      func begin() throws {
        try files.moveItem(atPath: out + "/registered.ome.zarr", toPath: work + "/resample/.registered.ome.zarr.partial-run")
        try files.moveItem(atPath: out + "/run.json", toPath: work + "/finish/run.json")
        let moves = """
          {"key": "\(key)", "removed": [], "moves": [
            {"from": "resample/.registered.ome.zarr.partial-run", "to": "registered.ome.zarr"}, {"from": "finish/transforms", "to": "transforms"},
            {"from": "finish/run.json", "to": "run.json"}]}
          """
        try moves.write(toFile: work + "/publication.json", atomically: true, encoding: .utf8)
      }
      try begin()
      let again = try weft(register + ["--keep-work"])
      #expect(again.status == 0, "\(again.errors)")
      for name in ["registered.ome.zarr", "transforms", "blocks.csv", "run.json"] {
        #expect(try !differences(folder + "/whole/" + name, out + "/" + name), "\(name)")
      }
      // With other parameters the results that were on their way are not taken for those asked for.
      try begin()
      let other = try weft(register + ["--interpolation", "nearest"])
      #expect(other.status == 1 && other.errors.contains("other parameters"), "\(other.errors)")
      #expect(try !differences(folder + "/whole/registered.ome.zarr", out + "/registered.ome.zarr"))
      #expect(try weft(register + ["--interpolation", "nearest", "--overwrite"]).status == 0)
      #expect(try differences(folder + "/whole/registered.ome.zarr", out + "/registered.ome.zarr"))
      #expect(!files.fileExists(atPath: work))
    }
  }
}
