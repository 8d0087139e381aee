// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// Runs on a real Slurm (`Tests/slurm/lab`), against the same runs in one process: the same bytes, whatever happens to the jobs.
@Suite(.serialized, .enabled(if: SlurmLab.shared != nil)) struct SlurmTests {
  private static let slurm = ["--executor", "slurm", "--poll", "1", "--slurm-cpus", "1", "--slurm-mem", "2GB", "--memory", "1500MB"]
  private let lab = SlurmLab.shared!

  private func run(_ words: [String]) throws -> (status: Int32, output: String, errors: String) {
    try weft(words, environment: lab.environment)
  }

  /// Jobs of a run, one word each, as `12_3`, that are running.
  private func running() throws -> [String] {
    try lab.said("squeue", "-h", "-t", "running", "-o", "%i").split(whereSeparator: \.isWhitespace).map(String.init)
  }

  @Test func allVerbsGiveTheBytesOfOneProcess() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let registered = try run(pair.words + ["-o", url.path + "/out", "--tasks-per-job", "8"] + Self.slurm)
      try #require(registered.status == 0, "\(registered.errors)")
      try pair.expectSame(url.path + "/out")
      let image = url.path + "/local/registered.ome.zarr"
      try ProgramRunTests.program.write(toFile: url.path + "/program.py", atomically: true, encoding: .utf8)
      let verbs: [(String, [String])] = [
        ("segment", ["segment", image, "--method", "threshold", "--tile-shape", "32", "--output"]),
        ("apply", ["apply", "-t", url.path + "/local", "-i", url.path + "/pair/moving.ome.zarr", "--output"]),
        ("convert", ["convert", image]),
        ("tiles", ["tiles", image, "--command", "python3 '\(url.path)/program.py'", "--tile-shape", "32"]),
      ]
      for (name, words) in verbs {
        var results: [[String: Data]] = []
        for more in [["--memory", "1500MB"], Self.slurm] {
          // In one place, which records tell.
          let place = url.path + "/" + name
          try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
          let done = try run(words + [place + "/result.ome.zarr", "-q"] + more)
          try #require(done.status == 0, "\(name): \(done.errors)")
          results.append(try resultFiles(place))
          try FileManager.default.removeItem(atPath: place)
        }
        #expect(results[0] == results[1], "\(name)")
      }
      let refined = try run(["refine", url.path + "/out", "--blocks", "3", "--accuracy", "high", "-q"] + Self.slurm)
      #expect(refined.status == 0, "\(refined.errors)")
      #expect(try weft(["refine", url.path + "/local", "--blocks", "3", "--accuracy", "high", "-q"]).status == 0)
      #expect(try resultFiles(url.path + "/out") == resultFiles(url.path + "/local"))
    }
  }

  /// What happens to jobs, in shell before the tasks, by files in `$FAULTS`; and the stage that it happens in, whose jobs are handed over so
  /// many times then.
  private static let faults: [(name: String, line: String, stage: String, rounds: Int)] =
    [
      // Two of the jobs that come first end at once, and again in the next round.
      ("fails twice", #"[ "$(ls $FAULTS | wc -l)" -ge 2 ] || { mktemp -p $FAULTS >/dev/null; exit 1; }"#, "downsample", 3),
      ("is killed at work", atWork("KILL"), "fine", 2),
      (
        "takes too much memory", "[ -e $FAULTS/1 ] || { touch $FAULTS/1; head -c 3G /dev/zero | tail -c 3G | sleep 20; }", "downsample", 2
      ),
      ("is told that its time ends", atWork("USR1"), "fine", 2),
    ]
    // Slurm looks at the time every half minute.
    + (isFullRun
      ? [
        (
          "reaches the end of its time",
          "case $SLURM_JOB_NAME in *-fine*) [ -e $FAULTS/1 ] || { touch $FAULTS/1; trap '' USR1; sleep 600; } ;; esac", "fine", 2
        )
      ] : [])

  /// Sends a signal to the first job of the fine stage as soon as one of its tasks is done.
  private static func atWork(_ signal: String) -> String {
    "case $SLURM_JOB_NAME in *-fine*) [ -e $FAULTS/1 ] || { touch $FAULTS/1; "
      + "(until grep -qs . $FAULTS/../out/.weft/fine/ledger/*; do sleep 0.01; done; kill -\(signal) $$) & } ;; esac"
  }

  @Test(arguments: faults.indices) func aJobThatEndsEarlyLosesNothing(number: Int) throws {
    let fault = Self.faults[number]
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let faults = url.path + "/faults"
      try FileManager.default.createDirectory(atPath: faults, withIntermediateDirectories: true)
      let setup = ["--slurm-setup", "FAULTS='\(faults)'; " + fault.line, "--tasks-per-job", "9", "--jobs", "1", "--slurm-time", "2"]
      let done = try run(pair.words.filter { $0 != "-q" } + ["-o", url.path + "/out"] + Self.slurm + setup)
      try #require(done.status == 0, "\(fault.name): \(done.errors)")
      let rounds = done.errors.split(separator: "\n").count { $0.hasPrefix("\(fault.stage): ") && $0.contains(" of slurm (") }
      #expect(rounds == fault.rounds, "\(fault.name): \(done.errors)")
      #expect(done.errors.contains("ran out of 2.0 GB") == (fault.name == "takes too much memory" || fault.name == "is killed at work"))
      try pair.expectSame(url.path + "/out")
    }
  }

  @Test func jobsThatAreCancelledEndTheRunAndResumeGoesOn() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let out = url.path + "/out"
      let process = try startedWeft(
        pair.words + ["-o", out, "--tasks-per-job", "2", "--max-rounds", "0", "--slurm-setup", "sleep 3"] + Self.slurm,
        environment: ProcessInfo.processInfo.environment.merging(lab.environment) { $1 })
      while process.isRunning, try running().isEmpty { Thread.sleep(forTimeInterval: 0.1) }
      _ = try lab.said("scancel", "--user=root")
      process.waitUntilExit()
      #expect(process.terminationStatus == 1)
      #expect(try weft(["status", out], environment: lab.environment).output.contains("`weft resume` goes on with it"))
      let resumed = try run(["resume", out, "-q"] + Self.slurm.dropLast(2))
      try #require(resumed.status == 0, "\(resumed.errors)")
      try pair.expectSame(out)
    }
  }

  @Test func stoppingTheRunCancelsItsJobs() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let out = url.path + "/out"
      let process = try startedWeft(
        pair.words + ["-o", out, "--tasks-per-job", "2", "--slurm-setup", "sleep 60"] + Self.slurm,
        environment: ProcessInfo.processInfo.environment.merging(lab.environment) { $1 })
      while process.isRunning, try running().isEmpty { Thread.sleep(forTimeInterval: 0.1) }
      let status = try run(["status", out, "--json"])
      #expect(status.output.contains("\"jobs\""), "\(status.output)")
      process.terminate()
      process.waitUntilExit()
      #expect(process.terminationStatus == 130)
      for _ in 0..<100 where try !running().isEmpty { Thread.sleep(forTimeInterval: 0.1) }
      #expect(try running().isEmpty)
      #expect(try run(["cancel", out, "--clean", "-q"]).status == 0)
      #expect(!FileManager.default.fileExists(atPath: out))
    }
  }

  @Test func aRunThatIsHandedOverEndsByItself() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let out = url.path + "/out"
      let begun = try run(pair.words + ["-o", out, "--tasks-per-job", "8", "--detach"] + Self.slurm)
      try #require(begun.status == 0, "\(begun.errors)")
      #expect(begun.output.contains("go on by themselves"))
      let watched = try run(["status", out])
      #expect(watched.output.contains("at work: in jobs"), "\(watched.output)")
      for _ in 0..<1200 where !FileManager.default.fileExists(atPath: out + "/report.html") { Thread.sleep(forTimeInterval: 0.1) }
      try pair.expectSame(out)
    }
  }

  /// How long tasks take is not known, and no job ever tells.
  @Test func jobsThatCannotBeginEndTheRun() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let ended = try run(pair.words + ["-o", url.path + "/out", "--slurm-setup", "exit 3", "--max-rounds", "1"] + Self.slurm)
      #expect(ended.status == 1, "\(ended.errors)")
      #expect(
        ended.errors.contains("are not done") && ended.errors.contains("after 2 rounds of jobs, which ended as FAILED"), "\(ended.errors)")
    }
  }

  @Test func jobsOfAnEarlierDriverAreCancelledToo() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let out = url.path + "/out"
      let words = pair.words + ["-o", out, "--tasks-per-job", "2", "--slurm-setup", "sleep 60"] + Self.slurm
      for _ in 0..<2 {
        let process = try startedWeft(words, environment: ProcessInfo.processInfo.environment.merging(lab.environment) { $1 })
        while process.isRunning, try running().isEmpty { Thread.sleep(forTimeInterval: 0.1) }
        // Long enough for the second one to find the jobs of the first.
        Thread.sleep(forTimeInterval: 2)
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      let cancelled = try run(["cancel", out])
      #expect(cancelled.status == 0 && cancelled.output.contains("stopped"), "\(cancelled)")
      #expect(try running().isEmpty)
      // Where nobody can ask the scheduler, that is told.
      let unknown = try weft(["cancel", out], environment: ["PATH": "/nowhere"])
      #expect(unknown.status == 1 && unknown.errors.contains("squeue"), "\(unknown)")
      #expect(try weft(["status", out], environment: ["PATH": "/nowhere"]).output.contains("whether jobs are at work is not known"))
    }
  }

  @Test(.enabled(if: isFullRun)) func aNodeThatIsCutOffWhileItWritesLosesNothing() throws {
    guard let lab = SlurmLab.ofTwoNodes() else { return }
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let out = url.path + "/out"
      let process = Process()
      process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
      process.arguments =
        lab.prefix + [weftTool.path] + pair.words + ["-o", out, "--tasks-per-job", "3", "--slurm-setup", "sleep 5"] + Self.slurm
      process.environment = ProcessInfo.processInfo.environment.merging(lab.environment) { $1 }
      process.standardOutput = FileHandle.nullDevice
      try process.run()
      func isWriting() throws -> Bool { try lab.said("squeue", "-h", "-t", "running", "-o", "%N %j").contains(/n2 .*-fine/) }
      while process.isRunning, try !isWriting() { Thread.sleep(forTimeInterval: 0.1) }
      try lab.cutSecondNode()
      process.waitUntilExit()
      #expect(process.terminationStatus == 0)
      try pair.expectSame(out)
    }
  }

  @Test func whatSlurmRefusesIsToldAtOnce() throws {
    try withTemporaryFolder { url in
      let pair = try RegisteredPair(url.path)
      let refused = try run(pair.words + ["-o", url.path + "/out", "--slurm-partition", "shrot"] + Self.slurm)
      #expect(refused.status == 1 && refused.errors.contains("invalid partition") && refused.errors.contains("hint: "), "\(refused.errors)")
      let unknown = try run(pair.words + ["-o", url.path + "/out4", "--slurm-stage", "fien:mem=3GB"] + Self.slurm)
      #expect(unknown.status == 1 && unknown.errors.contains("--slurm-stage fien: the run has no such stage"), "\(unknown.errors)")
      #expect(unknown.errors.contains("it has downsample, coarse"), "\(unknown.errors)")
      let none = try weft(pair.words + ["-o", url.path + "/out2"] + Self.slurm, environment: ["PATH": "/nowhere"])
      #expect(none.status == 1 && none.errors.contains("Slurm does not answer"), "\(none.errors)")
      let misplaced = try weft(pair.words + ["-o", url.path + "/out3", "--slurm-mem", "1GB"])
      #expect(misplaced.status == 2 && misplaced.errors.contains("--executor slurm"))
    }
  }
}
