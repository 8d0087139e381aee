// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Programs end with Weft, whatever it waits for.
struct ProgramEndTests {
  @Test(arguments: [SIGINT, SIGTERM], [["-o", "l.ome.zarr"], ["--tile", "0,0,0"]])
  func aProgramThatIsNotReadyEndsWithWeft(signal: Int32, what: [String]) throws {
    try withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.nrrd("a.nrrd", [20, 20, 20])
      let file = folder.path("process")
      // The shell that Weft starts, and what that starts.
      let command = "sleep 1000 & echo $! > '\(file)'; wait"
      let process = try startedWeft(
        ["segment", folder.path("a.nrrd"), "--method", "command", "--command", command, "-q", what[0]]
          + [what[1].hasSuffix(".zarr") ? folder.path(what[1]) : what[1]])
      func started() -> pid_t? {
        (try? String(contentsOfFile: file, encoding: .utf8)).flatMap { pid_t($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
      }
      for _ in 0..<600 where started() == nil { Thread.sleep(forTimeInterval: 0.05) }
      let sleeper = try #require(started(), "the program was not started")
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      // Who collects it is not known: gone, or a zombie that nobody has collected yet.
      func isThere() -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(sleeper)/stat", encoding: .utf8) else { return false }
        return !status.contains(") Z ")
      }
      for _ in 0..<100 where isThere() { Thread.sleep(forTimeInterval: 0.05) }
      #expect(!isThere())
      if isThere() { kill(sleeper, SIGKILL) }
    }
  }
}
