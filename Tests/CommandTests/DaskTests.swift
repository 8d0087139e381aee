// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Runs on a real Dask scheduler with two workers, against the same runs in one process.
@Suite(.serialized, .enabled(if: python != nil)) struct DaskTests {
  /// A cluster in a folder of its own.
  private static func withCluster(_ body: (_ options: [String], _ workers: [String]) throws -> Void) throws {
    try withTemporaryFolder { url in
      let server = try #require(try LocalServer("dask_cluster.py", [url.path]))
      let workers = ["worker0", "worker1"].map { url.path + "/" + $0 }
      try body(
        ["--executor", "dask", "--dask-scheduler", "tcp://127.0.0.1:\(server.port)", "--dask-python", python!, "--memory", "1500MB"],
        workers)
      withExtendedLifetime(server) {}
    }
  }

  @Test func dasksWorkersGiveTheBytesOfOneProcess() throws {
    try Self.withCluster { dask, _ in
      try withTemporaryFolder { url in
        let pair = try RegisteredPair(url.path)
        let done = try weft(pair.words + ["-o", url.path + "/out", "--tasks-per-job", "4"] + dask)
        try #require(done.status == 0, "\(done.errors)")
        try pair.expectSame(url.path + "/out")
        let image = url.path + "/local/registered.ome.zarr"
        let place = url.path + "/segmented"
        var results: [[String: Data]] = []
        for more in [["--memory", "1500MB"], dask] {
          try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
          let words = ["segment", image, "--method", "threshold", "--tile-shape", "32", "-q", "--output", place + "/labels.ome.zarr"]
          let done = try weft(words + more)
          try #require(done.status == 0, "\(done.errors)")
          results.append(try resultFiles(place))
          try FileManager.default.removeItem(atPath: place)
        }
        #expect(results[0] == results[1])
      }
    }
  }

  @Test func aWorkerThatIsKilledWithItsNannyLosesNothing() throws {
    try Self.withCluster { dask, workers in
      try withTemporaryFolder { url in
        let pair = try RegisteredPair(url.path)
        let out = url.path + "/out"
        let process = try startedWeft(pair.words + ["-o", out, "--tasks-per-job", "1"] + dask)
        let ledgers = out + "/.weft/fine/ledger"
        while process.isRunning, (try? FileManager.default.contentsOfDirectory(atPath: ledgers))?.count ?? 0 < 3 {
          Thread.sleep(forTimeInterval: 0.01)
        }
        let group = try #require(pid_t(String(contentsOfFile: workers[0], encoding: .utf8)))
        kill(-group, SIGKILL)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        try pair.expectSame(out)
      }
    }
  }

  @Test func aRunThatIsStoppedLeavesNoProcessAndGoesOn() throws {
    try Self.withCluster { dask, _ in
      try withTemporaryFolder { url in
        let pair = try RegisteredPair(url.path)
        let out = url.path + "/out"
        let status = try weft(pair.words + ["-o", out, "--tasks-per-job", "2"] + dask, endedOnce: out + "/.weft/fine/ledger", by: SIGTERM)
        #expect(status == 130)
        let resumed = try weft(["resume", out, "-q"])
        try #require(resumed.status == 0, "\(resumed.errors)")
        try pair.expectSame(out)
      }
    }
  }

  @Test func whatIsMissingIsToldAtOnce() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      func refusal(_ more: [String]) throws -> String {
        let run = try weft(pair.words + ["-o", url.path + "/out", "--executor", "dask"] + more)
        #expect(run.status != 0)
        return run.errors
      }
      #expect(try refusal([]).contains("needs a scheduler"))
      #expect(try refusal(["--dask-scheduler", "tcp://127.0.0.1:9", "--dask-python", "/nowhere/python"]).contains("cannot be started"))
      #expect(
        try refusal(["--dask-scheduler-file", url.path + "/none.json", "--dask-python", python!]).contains("none.json does not exist"))
      let plain = FileManager.default.isExecutableFile(atPath: "/usr/bin/python3") ? "/usr/bin/python3" : nil
      if let plain, try weft(["--version"]).status == 0 {
        let errors = try refusal(["--dask-scheduler", "tcp://127.0.0.1:9", "--dask-python", plain])
        #expect(errors.contains("has no Dask") || errors.contains("no Dask scheduler answers"), "\(errors)")
      }
    }
  }
}
