// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A segmentation that is killed again and again ends as if nothing had been.
struct SegmentKillTests {
  private func recorded(_ folder: String) -> Int {
    var count = 0
    for case let name as String in FileManager.default.enumerator(atPath: folder) ?? .init() where name.hasSuffix(".jsonl") {
      count += ((try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)) ?? "").count { $0 == "\n" }
    }
    return count
  }

  @Test func aSegmentationThatIsKilledAgainAndAgainEndsAsIfNothingHadBeen() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "96", "--seed", "3", "-q"]).status == 0)
      let segment = [
        "segment", folder + "/pair/fixed.ome.zarr", "--method", "threshold", "--tile-shape", "24", "--overlap", "6vx", "--merge", "hybrid",
        "-q",
      ]
      try #require(weft(segment + ["-o", folder + "/undisturbed/labels.ome.zarr"]).status == 0)
      let out = folder + "/killed/labels.ome.zarr"
      var generator = SeededGenerator(seed: 8)
      var killed = 0
      var before = 0
      for _ in 0..<5 {
        let process = try startedWeft(segment + ["-o", out])
        let wanted = before + Int.random(in: 5...40, using: &generator)
        while process.isRunning, recorded(folder + "/killed/.labels.ome.zarr.weft") < wanted { Thread.sleep(forTimeInterval: 0.002) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        // On a busy machine the run may be faster than who watches it.
        guard process.terminationReason == .uncaughtSignal else { break }
        killed += 1
        before = recorded(folder + "/killed/.labels.ome.zarr.weft")
        #expect(!FileManager.default.fileExists(atPath: out))
      }
      try #require(killed > 1, "it ended before it was killed")
      if !FileManager.default.fileExists(atPath: out) { try #require(weft(["resume", out, "-q"]).status == 0) }
      var (expected, found) = try (resultFiles(folder + "/undisturbed"), resultFiles(folder + "/killed"))
      // It names the labels' own path.
      (expected["run.json"], found["run.json"]) = (nil, nil)
      #expect(expected.count > 5 && expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: folder + "/killed").sorted() == ["labels.ome.zarr", "objects.csv", "run.json"])
    }
  }
}
