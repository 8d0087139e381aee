// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Synchronization
import Testing

struct LocalExecutorTests {
  @Test func aFinishedRunIsNotDoneAgain() async throws {
    try await withRunFolder { folder in
      let run = NumberRun(folder)
      try await run.run()
      #expect(run.tasksRun().count == 31)
      #expect(try run.number("total", 0) == NumberRun.total)
      try await NumberRun(folder).run()
      let again = NumberRun(folder)
      try await again.run()
      #expect(again.tasksRun().isEmpty)
    }
  }

  @Test(arguments: ["squares/7", "sums/0", "total/0"]) func aRunThatStoppedGoesOnWhereItWas(at place: String) async throws {
    try await withRunFolder { folder in
      let run = NumberRun(folder)
      run.before.withLock { $0 = { stage, task in if "\(stage)/\(task)" == place { throw Trouble() } } }
      await #expect(throws: Trouble.self) { try await run.run(retries: 0) }
      let journal = Journal(folder, run.outlines)
      let done = Set(run.outlines.flatMap { outline in journal.entries(of: outline.name).keys.map { "\(outline.name)/\($0)" } })
      let again = NumberRun(folder)
      try await again.run()
      let ran = again.tasksRun()
      #expect(ran.contains(place) && ran.isDisjoint(with: done) && ran.count + done.count == 31)
      #expect(try again.number("total", 0) == NumberRun.total)
    }
  }

  @Test func aTaskThatFailsTwiceSucceedsAtTheThirdAttempt() async throws {
    try await withRunFolder { folder in
      let run = NumberRun(folder)
      let failures = Mutex(0)
      run.before.withLock {
        $0 = { stage, task in
          guard stage == "squares", task == 3 else { return }
          let isEnough = failures.withLock { failures in
            failures += 1
            return failures > 2
          }
          if !isEnough { throw Trouble() }
        }
      }
      try await run.run(retries: 2)
      let journal = Journal(folder, run.outlines)
      #expect(journal.entries(of: "squares")[3]?.attempts == 3 && journal.failures(of: "squares").isEmpty)
      #expect(try run.number("total", 0) == NumberRun.total)
      let logs = try FileManager.default.contentsOfDirectory(atPath: folder.logs.path).filter { $0.hasPrefix("squares.") }
      let log = try String(contentsOf: folder.logs.appendingPathComponent(#require(logs.first)), encoding: .utf8)
      #expect(log.contains("task 3: attempt 1 failed: the coffee ran out") && log.contains("task 3: done"))
    }
  }

  @Test func aTaskThatKeepsFailingEndsTheRunAndIsOnRecord() async throws {
    try await withRunFolder { folder in
      let run = NumberRun(folder)
      run.before.withLock { $0 = { stage, task in if stage == "sums", task == 4 { throw Trouble() } } }
      await #expect(throws: Trouble.self) { try await run.run(retries: 2) }
      let status = RunStatus(folder, run.outlines)
      let failure = try #require(status.stages[1].failures.first)
      #expect(failure.task == 4 && failure.attempts == 3 && failure.error == "the coffee ran out")
      #expect(status.stages[0].done == 20 && status.stages[1].done < 10 && status.stages[2].done == 0)
      // The record goes when the task succeeds.
      try await NumberRun(folder).run()
      #expect(RunStatus(folder, run.outlines).stages[1].failures.isEmpty)
    }
  }

  @Test func whatStandsInForATaskIsTriedAgainAsLongAsNothingWasBuiltOnIt() async throws {
    try await withRunFolder { folder in
      // The stand-in has no file: the next stage cannot be built, which stops the run there.
      let run = NumberRun(folder, hasRescue: true)
      run.before.withLock { $0 = { stage, task in if stage != "squares" || task == 5 { throw CocoaError(.fileReadUnknown) } } }
      _ = try folder.adopt(run.outlines)
      let stage = try run.stage("squares", journal: Journal(folder, run.outlines))
      let runner = TaskRunner(folder: folder, stage: stage, key: run.outlines.key(of: "squares"), retries: 1, progress: SilentProgress())
      try await runner.run(Array(0..<20))
      #expect(Journal(folder, run.outlines).entries(of: "squares")[5]?.outcome.isStandIn == true)
      let again = NumberRun(folder)
      try await again.run()
      #expect(again.tasksRun().filter { $0.hasPrefix("squares") } == ["squares/5"])
      // Whichever ledger's name comes first.
      #expect(Journal(folder, run.outlines).entries(of: "squares")[5]?.outcome.isStandIn == nil)
      #expect(try again.number("total", 0) == NumberRun.total)
    }
  }

  @Test func anOutputThatIsGoneIsMadeAgain() async throws {
    try await withRunFolder { folder in
      try await NumberRun(folder).run()
      try FileManager.default.removeItem(at: folder.stage("sums").appendingPathComponent("3.txt"))
      let again = NumberRun(folder)
      try await again.run()
      #expect(again.tasksRun() == ["sums/3"])
    }
  }

  @Test func anOutputThatIsDamagedIsFoundByItsReaderAndMadeAgain() async throws {
    try await withRunFolder { folder in
      try await NumberRun(folder).run()
      // As many bytes as before: only reading shows it.
      try Data("x".utf8).write(to: folder.stage("squares").appendingPathComponent("2.txt"))
      try FileManager.default.removeItem(at: folder.stage("sums").appendingPathComponent("1.txt"))
      let again = NumberRun(folder)
      try await again.run()
      #expect(again.tasksRun() == ["sums/1", "squares/2"])
      #expect(try again.number("squares", 2) == 4)
    }
  }

  @Test func aChangedParameterActsFromItsStageOn() async throws {
    try await withRunFolder { folder in
      try await NumberRun(folder).run()
      let shifted = NumberRun(folder, offset: 1)
      let stale = try folder.adopt(shifted.outlines)
      #expect(stale.map(\.stage) == ["sums", "total"] && stale[0].changes == ["offset: 0 → 1"])
      try await shifted.run()
      #expect(shifted.tasksRun().allSatisfy { !$0.hasPrefix("squares") })
      #expect(try shifted.number("total", 0) == NumberRun.total + 10)
      let scaled = NumberRun(folder, factor: 2, offset: 1)
      try await scaled.run()
      #expect(scaled.tasksRun().count == 31)
      #expect(try scaled.number("total", 0) == 2 * NumberRun.total + 10)
    }
  }

  @Test func tasksThatAreRunTwiceAtTheSameTimeLeaveOneResult() async throws {
    try await withRunFolder { folder in
      let runs = [NumberRun(folder), NumberRun(folder)]
      _ = try folder.adopt(runs[0].outlines)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for run in runs { group.addTask { try await LocalExecutor(folder: folder).run(run) } }
        try await group.waitForAll()
      }
      #expect(try runs[0].number("total", 0) == NumberRun.total)
      let again = NumberRun(folder)
      try await again.run()
      #expect(again.tasksRun().isEmpty)
    }
  }
}
