// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A run done by `weft task run`, stage by stage and group by group, as executors do it.
struct TaskCommandTests {
  /// Plans a run and stops it when hardly anything is done; `body` gets the folder and the stages in order.
  private func withPlannedRun(_ options: [String] = [], _ body: (_ folder: String, _ register: [String]) throws -> Void) throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "64", "--seed", "4", "-q"]).status == 0)
      let register =
        ["register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "--chunk-size", "32", "--accuracy", "draft", "-q"]
        + options
      let process = try startedWeft(register + ["-o", folder + "/tasks"])
      // A ledger is opened when all that is planned is there.
      let ledgers = folder + "/tasks/.weft/downsample/ledger"
      while process.isRunning, ((try? FileManager.default.contentsOfDirectory(atPath: ledgers)) ?? []).isEmpty {
        Thread.sleep(forTimeInterval: 0.001)
      }
      kill(process.processIdentifier, SIGKILL)
      process.waitUntilExit()
      try body(folder, register)
    }
  }

  private struct Status: Decodable {
    struct Stage: Decodable {
      var name: String
      var done: Int
      var tasks: Int?
    }
    var stages: [Stage]
  }

  private func status(_ folder: String) throws -> [Status.Stage] {
    let text = try weft(["status", folder + "/tasks", "--json"]).output
    return try JSONDecoder().decode(Status.self, from: Data(text.utf8)).stages
  }

  @Test func groupsOfTasksInProcessesOfTheirOwnGiveTheSameBytes() throws {
    try withPlannedRun { folder, register in
      let work = folder + "/tasks/.weft"
      for stage in try status(folder) where stage.name != "finish" {
        let count = stage.tasks ?? 0
        if count < 2 {
          let run = try weft(["task", "run", "--run-dir", work, "--stage", stage.name, "-q"])
          #expect(run.status == 0, "\(stage.name): \(run.errors)")
        } else {
          // Two groups, the second one first, and one task in both.
          let groups = "{\"round\": 0, \"groups\": [\(Array(0...count / 2)), \(Array(count / 2..<count))]}"
          let list = work + "/\(stage.name)/round0.json"
          try Data(groups.utf8).write(to: URL(fileURLWithPath: list))
          for group in [1, 0] {
            let run = try weft(["task", "run", "--run-dir", work, "--stage", stage.name, "--list", list, "--group", "\(group)", "-q"])
            #expect(run.status == 0, "\(stage.name): \(run.errors)")
          }
        }
      }
      // What is left, and the publication.
      let resumed = try weft(["resume", folder + "/tasks", "-q"])
      #expect(resumed.status == 0, "\(resumed.errors)")
      try #require(weft(register + ["-o", folder + "/whole"]).status == 0)
      let compared = try Process.run(
        URL(fileURLWithPath: "/usr/bin/diff"),
        arguments: ["-r", "-q", "-x", "timings.csv", "-x", "report.*", folder + "/whole", folder + "/tasks"])
      compared.waitUntilExit()
      #expect(compared.terminationStatus == 0)
    }
  }

  /// The process that planned the run was killed before it made the folders of the stages.
  @Test func tasksOfARunOfWhichThereIsOnlyAPlanAreRun() throws {
    try withPlannedRun { folder, _ in
      let work = folder + "/tasks/.weft"
      for name in try FileManager.default.contentsOfDirectory(atPath: work) where name != "plan.json" {
        try FileManager.default.removeItem(atPath: work + "/" + name)
      }
      let processes = try (0..<3).map { _ in try startedWeft(["task", "run", "--run-dir", work, "--stage", "downsample", "-q"]) }
      for process in processes {
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
      }
      let downsample = try #require(status(folder).first)
      #expect(downsample.name == "downsample" && downsample.done == downsample.tasks)
    }
  }

  @Test(arguments: [SIGUSR1, SIGTERM]) func aGroupThatIsStoppedEndsWithSeventyFive(signal: Int32) throws {
    try withPlannedRun(["--accuracy", "high", "--engine", "itk"]) { folder, _ in
      let work = folder + "/tasks/.weft"
      try #require(weft(["task", "run", "--run-dir", work, "--stage", "downsample", "-q"]).status == 0)
      let process = Process()
      process.executableURL = weftTool
      process.arguments = ["task", "run", "--run-dir", work, "--stage", "coarse", "-q"]
      let pipe = Pipe()
      process.standardError = pipe
      try process.run()
      // Its log says that it is at work.
      while process.isRunning,
        try !FileManager.default.contentsOfDirectory(atPath: work + "/logs").contains(where: {
          $0.contains("-\(process.processIdentifier)-")
        })
      { Thread.sleep(forTimeInterval: 0.005) }
      kill(process.processIdentifier, signal)
      let said = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 75 && said.contains("hint: tasks that ended are on record"), "\(said)")
      #expect(try status(folder).first { $0.name == "coarse" }?.done == 0)
    }
  }

  @Test func whatCannotBeRunIsSaid() throws {
    try withPlannedRun { folder, _ in
      let work = folder + "/tasks/.weft"
      func error(_ words: String...) throws -> String {
        let run = try weft(["task", "run", "--run-dir", work] + words)
        #expect(run.status == 1 && run.errors.contains("\n\nhint: "), "\(run.errors)")
        return run.errors
      }
      #expect(try error("--stage", "fines").contains("there is no stage `fines`"))
      #expect(try error("--stage", "fine").contains("comes before `fine`"))
      #expect(try error("--stage", "resample").contains("comes before `resample`"))
      #expect(try error("--stage", "downsample", "--list", folder + "/none.json", "--group", "0").contains("none.json"))
      try Data("[1, 2]".utf8).write(to: URL(fileURLWithPath: folder + "/list.json"))
      #expect(try error("--stage", "downsample", "--list", folder + "/list.json", "--group", "0").contains("no list of task groups"))
      try Data("{\"round\": 0, \"groups\": [[0]]}".utf8).write(to: URL(fileURLWithPath: folder + "/list.json"))
      #expect(try error("--stage", "downsample", "--list", folder + "/list.json", "--group", "1").contains("has no group 1"))
      #expect(try error("--stage", "downsample", "--group", "0").contains("belong together"))
      #expect(try error("--stage", "pyramid-7").contains("there is no stage"))
      try Data("{\"round\": 0, \"groups\": [[0, 99999]]}".utf8).write(to: URL(fileURLWithPath: folder + "/list.json"))
      #expect(try error("--stage", "downsample", "--list", folder + "/list.json", "--group", "0").contains("has no task 99999"))
      #expect(try weft(["status", folder + "/nowhere"]).errors.contains("nowhere"))
    }
  }
}
