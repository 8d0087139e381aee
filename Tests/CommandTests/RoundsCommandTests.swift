// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `weft register` of several rounds, and what else is done with them.
struct RoundsCommandTests {
  private let rounds = ["round2", "round3"]

  /// A phantom and its moving image under two names, and the command that registers both to its fixed one.
  private func withRounds(_ body: (_ folder: String, _ register: [String]) throws -> Void) throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "48", "--seed", "6", "-q"]).status == 0)
      for name in rounds {
        try FileManager.default.copyItem(atPath: folder + "/pair/moving.ome.zarr", toPath: folder + "/\(name).ome.zarr")
      }
      let images = [folder + "/pair/fixed.ome.zarr"] + rounds.map { "\(folder)/\($0).ome.zarr" }
      try body(folder, ["register"] + images + ["-o", folder + "/out", "--chunk-size", "32", "--accuracy", "draft", "-q"])
    }
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func severalRoundsAreRegisteredListedAndShown() throws {
    try withRounds { folder, register in
      let out = folder + "/out"
      let plan = try json(weft(register.map { $0 == "-q" ? "--json" : $0 } + ["--dry-run"]).output)
      let planned = try #require(plan["rounds"] as? [[String: Any]])
      #expect(planned.map { $0["name"] as? String } == rounds && !FileManager.default.fileExists(atPath: out))

      let done = try weft(register)
      let lines = done.output.split(separator: "\n").map(String.init)
      #expect(done.status == 0 && rounds.allSatisfy { name in lines.contains { $0.hasPrefix(name) } }, "\(done.output) \(done.errors)")
      let page = try String(contentsOfFile: out + "/report.html", encoding: .utf8)
      for name in rounds {
        #expect(page.contains("href=\"\(name)/report.html\"") && FileManager.default.fileExists(atPath: "\(out)/\(name)/report.html"))
      }
      #expect(try weft(["status", out]).output.contains("is finished"))
      #expect(try weft(["cancel", out]).output.contains("results have their names"))

      let view = try weft(["view", out])
      for (name, colour) in zip(["fixed"] + rounds, ["magenta", "green", "yellow"]) {
        #expect(view.output.split(separator: "\n").contains { $0.hasPrefix(name) && $0.contains(", \(colour),") }, "\(view.output)")
      }
      try FileManager.default.removeItem(atPath: out + "/round3/report.html")
      let report = try json(weft(["report", out, "--json"]).output)
      #expect((report["rounds"] as? [Any])?.count == 2 && FileManager.default.fileExists(atPath: out + "/round3/report.html"))
      let elsewhere = try weft(["report", out, "--output", folder + "/a.html"])
      #expect(elsewhere.status == 1 && elsewhere.errors.contains("holds rounds"), "\(elsewhere.errors)")
      let refined = try weft(["refine", out, "--blocks", "flagged"])
      #expect(refined.status == 1 && refined.errors.contains("name one of them, as \(out)/round2"), "\(refined.errors)")
      #expect(try weft(["refine", out + "/round2", "--blocks", "0", "-q"]).status == 0)
    }
  }

  @Test func roundsThatWereKilledGoOnWithTheSecondAsIfNothingHadHappened() throws {
    try withRounds { folder, register in
      let out = folder + "/out"
      try #require(weft(register.map { $0 == out ? folder + "/whole" : $0 }).status == 0)
      let process = try startedWeft(register)
      while process.isRunning, !FileManager.default.fileExists(atPath: out + "/round3/.weft/coarse/transforms") {
        Thread.sleep(forTimeInterval: 0.002)
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      let status = try weft(["status", out])
      #expect(status.output.contains("`weft resume` goes on"), "\(status.output)")
      let states = status.output.split(separator: "\n").prefix(2).map { $0.split(separator: " ").map(String.init) }
      #expect(states == [["round2", "done"], ["round3", "begun"]], "\(status.output)")
      let before = try FileManager.default.attributesOfItem(atPath: out + "/round2/run.json")[.systemFileNumber] as? NSNumber
      let resumed = try weft(["resume", out, "-q"])
      #expect(resumed.status == 0, "\(resumed.errors)")
      #expect(try FileManager.default.attributesOfItem(atPath: out + "/round2/run.json")[.systemFileNumber] as? NSNumber == before)
      #expect(!FileManager.default.fileExists(atPath: out + "/.weft"))
      for name in rounds { #expect(try resultFiles(out + "/" + name) == resultFiles(folder + "/whole/" + name), "\(name)") }
      #expect(FileManager.default.contentsEqual(atPath: out + "/rounds.json", andPath: folder + "/whole/rounds.json"))
    }
  }

  @Test func roundsUnderWayAreStoppedAndDropped() throws {
    try withRounds { folder, register in
      let out = folder + "/out"
      let process = try startedWeft(register)
      while process.isRunning, !FileManager.default.fileExists(atPath: out + "/round2/.weft/coarse/transforms") {
        Thread.sleep(forTimeInterval: 0.002)
      }
      let second = try weft(register)
      #expect(second.status == 1 && second.errors.contains("another run"), "\(second.errors)")
      #expect(try weft(["cancel", out, "--clean"]).output.contains("stopped; what it did was removed"))
      process.waitUntilExit()
      #expect(process.terminationStatus == 130 && !FileManager.default.fileExists(atPath: out))
    }
  }

  @Test func aRoundThatFailsEndsWithItsNameAndWithOne() throws {
    try withRounds { folder, register in
      let images = ImageFolder(URL(fileURLWithPath: folder))
      try images.nrrd("dark.nrrd", [48, 48, 48]) { _, _, _ in 3 }
      let words = register.flatMap { $0.hasSuffix("round3.ome.zarr") ? [images.path("dark.nrrd"), $0] : [$0] }
      let failed = try weft(words + ["--json"])
      #expect(failed.status == 1 && failed.errors.contains("1 of 3 rounds is not registered: dark"), "\(failed.errors)")
      let told = try json(failed.output)
      #expect((told["rounds"] as? [[String: Any]])?.map { $0["name"] as? String } == rounds)
      #expect((told["failed"] as? [[String: Any]])?.map { $0["name"] as? String } == ["dark"])
    }
  }
}
