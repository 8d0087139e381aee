// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Clocks of real machines jump; nothing that a run decides hangs on one. By libfaketime.
struct ClockTests {
  private static let library: String? = {
    let found = ["x86_64", "aarch64"].map { "/usr/lib/\($0)-linux-gnu/faketime/libfaketimeMT.so.1" }
      .first { FileManager.default.fileExists(atPath: $0) }
    if found == nil { print("skipped: runs whose clock jumps, because libfaketime is missing (install faketime)") }
    return found
  }()

  @Test(.enabled(if: library != nil)) func aClockThatJumpsChangesNothing() throws {
    let library = try #require(Self.library)
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "64", "-q"]).status == 0)
      let register = [
        "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--chunk-size", "32", "--accuracy", "draft",
        "--downsample", "2", "-q", "-o",
      ]
      try #require(weft(register + [folder + "/undisturbed"]).status == 0)

      let clock = folder + "/clock"
      func jump(_ offset: String) throws { try Data("\(offset)\n".utf8).write(to: URL(fileURLWithPath: clock), options: .atomic) }
      func start() throws -> Process {
        try startedWeft(
          register + [folder + "/out"],
          environment: [
            "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1", "DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
          ])
      }
      // Begun in a far future and killed, then gone on with while the clock goes to and fro about a past.
      try jump("+4000d")
      let first = try start()
      let logs = folder + "/out/.weft/logs"
      func log() -> String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: logs)) ?? []
        return names.compactMap { try? String(contentsOfFile: logs + "/" + $0, encoding: .utf8) }.joined()
      }
      while first.isRunning, log().isEmpty { Thread.sleep(forTimeInterval: 0.002) }
      kill(first.processIdentifier, SIGKILL)
      first.waitUntilExit()
      #expect(log().hasPrefix(Date(timeIntervalSinceNow: 4000 * 86400).ISO8601Format().prefix(4)))
      let second = try start()
      var turn = 0
      while second.isRunning {
        try jump(turn % 2 == 0 ? "-4000d" : "-3000d")
        turn += 1
        Thread.sleep(forTimeInterval: 0.05)
      }
      #expect(second.terminationStatus == 0 && turn > 4)
      let (expected, found) = try (resultFiles(folder + "/undisturbed"), resultFiles(folder + "/out"))
      #expect(expected.count > 5 && expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }
  }
}
