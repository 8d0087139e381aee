// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Synchronization
import Testing

struct BatchExecutorTests {
  private static func options(_ change: (inout ExecutorOptions) -> Void = { _ in }) -> ExecutorOptions {
    var options = ExecutorOptions()
    options.engine = .slurm
    (options.tasksPerJob, options.latencyWait, options.poll) = (3, 0, 1)
    change(&options)
    return options
  }

  private static func perform(_ cluster: PretendCluster, _ options: ExecutorOptions = options()) async throws {
    _ = try cluster.run.folder.adopt(cluster.run.outlines)
    let execution = Execution(output: "out", executor: options, memory: MemoryBudget(bytes: 900_000_000))
    try await BatchExecutor(folder: cluster.run.folder, execution: execution, engine: cluster, progress: SilentProgress()).run(cluster.run)
  }

  @Test func eachTaskRunsOnceInItsStage() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder))
      try await Self.perform(cluster)
      #expect(try cluster.run.number("total", 0) == NumberRun.total)
      #expect(cluster.run.ran.withLock { $0.values.allSatisfy { $0 == 1 } && $0.count == 31 })
      #expect(cluster.batches.withLock { $0.map(\.groups.count) } == [7, 4, 1])
      #expect(cluster.batches.withLock { $0.allSatisfy { $0.memory == 1_000_000_000 } })
      // A finished run hands nothing over.
      let again = PretendCluster(NumberRun(folder))
      try await Self.perform(again)
      #expect(again.batches.withLock { $0.isEmpty })
    }
  }

  @Test func whatAKilledJobLeftUndoneIsGivenToAnotherOne() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder)) { batch, group in
        batch.list.lastPathComponent == "round0.json" && group == 1 ? .killed(after: 1) : .runs
      }
      try await Self.perform(cluster)
      #expect(try cluster.run.number("total", 0) == NumberRun.total)
      #expect(cluster.run.ran.withLock { $0.values.allSatisfy { $0 == 1 } && $0.count == 31 })
      let second = try TaskGroups.read(folder.stage("squares").appendingPathComponent("round1.json"))
      #expect(second == TaskGroups(round: 1, groups: [[4, 5]]))
    }
  }

  @Test func tasksThatRunTwiceAtTheSameTimeDoNoHarm() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder)) { _, _ in .runsTwice }
      try await Self.perform(cluster)
      #expect(try cluster.run.number("total", 0) == NumberRun.total)
    }
  }

  @Test func tasksThatNoRoundDoesEndTheRunWithTheirNumbers() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder)) { batch, group in
        batch.stage == "sums" && group == 0 ? .killed(after: 0) : .runs
      }
      let error = await #expect(throws: RunError.self) { try await Self.perform(cluster, Self.options { $0.maxRounds = 1 }) }
      #expect(error?.message.contains("`sums` are not done (0, 1, 2) after 2 rounds") == true, "\(error?.message ?? "")")
      #expect(RunStatus(folder, cluster.run.outlines).stages[1].done == 7)
      // Whoever goes on has all rounds again.
      let again = PretendCluster(NumberRun(folder))
      try await Self.perform(again)
      #expect(try again.run.number("total", 0) == NumberRun.total)
    }
  }

  @Test func theErrorOfATaskIsThatOfTheRun() async throws {
    try await withRunFolder { folder in
      let run = NumberRun(folder)
      run.before.withLock { $0 = { stage, task in if stage == "sums", task == 4 { throw Trouble() } } }
      let error = await #expect(throws: RunError.self) { try await Self.perform(PretendCluster(run)) }
      #expect(error?.message.contains("sums, task 4") == true && error?.message.contains("the coffee ran out") == true)
    }
  }

  @Test func jobsThatHadTooLittleMemoryGetMore() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder), isOutOfMemory: true) { batch, group in
        batch.stage == "squares" && group == 0 && batch.memory < 2_000_000_000 ? .killed(after: 0) : .runs
      }
      try await Self.perform(cluster)
      let asked = cluster.batches.withLock { $0.filter { $0.stage == "squares" }.map(\.memory) }
      #expect(asked == [1_000_000_000, 1_500_000_000, 2_250_000_000])
    }
  }

  /// The machines have 3 GB.
  @Test func noJobAsksForMoreMemoryThanAMachineHas() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder), isOutOfMemory: true) { batch, group in
        batch.stage == "squares" && group == 0 && batch.list.lastPathComponent != "round4.json" ? .killed(after: 0) : .runs
      }
      try await Self.perform(cluster, Self.options { $0.maxRounds = 5 })
      let asked = cluster.batches.withLock { $0.filter { $0.stage == "squares" }.map(\.memory) }
      #expect(asked == [1_000_000_000, 1_500_000_000, 2_250_000_000, 3_000_000_000, 3_000_000_000])
    }
  }

  @Test func jobsThatNeverDoAnythingEndTheRunWhereGroupsAreMeasuredFirstToo() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder)) { _, _ in .killed(after: 0) }
      let error = await #expect(throws: RunError.self) {
        try await Self.perform(
          cluster,
          Self.options {
            $0.tasksPerJob = nil
            $0.maxRounds = 2
          })
      }
      #expect(error?.message.contains("`squares` are not done") == true && error?.message.contains("after 3 rounds") == true)
      #expect(cluster.batches.withLock { Set($0.map(\.list.lastPathComponent)).count } == 3)
    }
  }

  /// Each round does one task of each group.
  @Test func roundsThatDoSomethingAreNotCounted() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder)) { batch, _ in batch.stage == "squares" ? .killed(after: 1) : .runs }
      try await Self.perform(
        cluster,
        Self.options {
          $0.tasksPerJob = 10
          $0.maxRounds = 1
        })
      #expect(try cluster.run.number("total", 0) == NumberRun.total)
      #expect(cluster.batches.withLock { $0.count { $0.stage == "squares" } } > 4)
    }
  }

  /// Seven groups where five are taken at a time: four, then three when some of those have ended.
  @Test func asManyJobsAreHandedOverAsTheClusterTakes() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder), limit: 5)
      cluster.run.before.withLock { $0 = { stage, task in if stage == "squares", task == 0 { Thread.sleep(forTimeInterval: 0.3) } } }
      try await Self.perform(cluster)
      #expect(try cluster.run.number("total", 0) == NumberRun.total)
      #expect(cluster.batches.withLock { $0.allSatisfy { $0.groups.count <= 5 } && Set($0.map(\.name)).count == $0.count })
      #expect(cluster.run.ran.withLock { $0.values.allSatisfy { $0 == 1 } })
    }
  }

  @Test func aDriverElsewhereStopsWhereTheFolderSaysSo() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder)) { batch, _ in batch.stage == "sums" ? .waits : .runs }
      let task = Task { try await Self.perform(cluster) }
      while cluster.batches.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
      try Data().write(to: folder.cancelled)
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(cluster.cancelled.withLock { $0 } == ["2"])
      // Whoever begins it again means it.
      try await Self.perform(PretendCluster(NumberRun(folder)))
    }
  }

  /// The driver ended after the cluster took the job and before it was noted.
  @Test func aJobWhoseNumberWasNotNotedIsFoundByItsName() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder))
      cluster.run.before.withLock { $0 = { stage, task in if stage == "squares", task == 7 { Thread.sleep(forTimeInterval: 1) } } }
      let first = Task { try await Self.perform(cluster) }
      while cluster.batches.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
      try await Task.sleep(for: .milliseconds(100))
      first.cancel()
      _ = await first.result
      let record = folder.jobs.appendingPathComponent("record.jsonl")
      let lines = try String(contentsOf: record, encoding: .utf8).split(separator: "\n").filter { !$0.contains("\"job\"") }
      try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: record)
      try await Self.perform(cluster)
      #expect(cluster.batches.withLock { $0.map(\.stage) } == ["squares", "sums", "total"])
      #expect(cluster.run.ran.withLock { $0.values.allSatisfy { $0 == 1 } })
    }
  }

  @Test func moreGroupsThanABatchMayHaveAreSeveralBatches() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder), mostGroups: 3)
      try await Self.perform(cluster)
      #expect(cluster.batches.withLock { $0.filter { $0.stage == "squares" }.map(\.groups) } == [0..<3, 3..<6, 6..<7])
      #expect(cluster.batches.withLock { Set($0.map(\.name)).count == $0.count })
      #expect(try cluster.run.number("total", 0) == NumberRun.total)
    }
  }

  @Test func theFirstTasksTellHowManyAJobGets() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder))
      try await Self.perform(cluster, Self.options { $0.tasksPerJob = nil })
      // Four tasks each, all of which are done well within the minute.
      #expect(cluster.batches.withLock { $0.map { $0.beginFor } } == [60, 60, 60])
      #expect(cluster.batches.withLock { $0.map(\.groups.count) } == [5, 3, 1])
    }
  }

  @Test func aDamagedResultIsMadeAgainByItsOwnStage() async throws {
    try await withRunFolder { folder in
      let run = NumberRun(folder)
      let isDone = Mutex(false)
      run.before.withLock {
        $0 = { stage, task in
          guard stage == "sums", task == 2, !isDone.withLock({ isDone in (isDone, isDone = true).0 }) else { return }
          try Data("?".utf8).write(to: folder.stage("squares").appendingPathComponent("5.txt"))
        }
      }
      try await Self.perform(PretendCluster(run))
      #expect(try run.number("total", 0) == NumberRun.total)
      #expect(run.ran.withLock { $0["squares/5"] } == 2)
    }
  }

  @Test func aRunThatIsStoppedCancelsItsJobs() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder)) { batch, _ in batch.stage == "sums" ? .waits : .runs }
      let task = Task { try await Self.perform(cluster) }
      while cluster.batches.withLock({ $0.count }) < 2 { try await Task.sleep(for: .milliseconds(5)) }
      try await Task.sleep(for: .milliseconds(50))
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(cluster.cancelled.withLock { $0 } == ["2"])
    }
  }

  @Test func jobsOfADriverThatEndedAreWaitedFor() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder))
      cluster.run.before.withLock { $0 = { stage, task in if stage == "squares", task == 7 { Thread.sleep(forTimeInterval: 1) } } }
      let first = Task { try await Self.perform(cluster) }
      while cluster.batches.withLock({ $0.isEmpty }) { try await Task.sleep(for: .milliseconds(5)) }
      try await Task.sleep(for: .milliseconds(100))
      first.cancel()
      _ = await first.result
      // The pretended jobs do not mind.
      try await Self.perform(cluster)
      #expect(cluster.batches.withLock { $0.map(\.stage) } == ["squares", "sums", "total"])
      #expect(cluster.run.ran.withLock { $0.values.allSatisfy { $0 == 1 } })
    }
  }

  @Test func aRunThatGoesOnByItselfHandsOneStageOverAtATime() async throws {
    try await withRunFolder { folder in
      let cluster = PretendCluster(NumberRun(folder))
      let options = Self.options { $0.isDetached = true }
      for stage in ["squares", "sums", "total"] {
        let detached = await #expect(throws: RunDetached.self) { try await Self.perform(cluster, options) }
        #expect(detached?.stage == stage && detached?.jobs.last == "c")
        while !RunStatus(folder, cluster.run.outlines).stages.contains(where: { $0.name == stage && $0.done == $0.tasks }) {
          try await Task.sleep(for: .milliseconds(10))
        }
      }
      try await Self.perform(cluster, options)
      #expect(cluster.continuations.withLock { $0 } == [["1"], ["2"], ["3"]])
      #expect(try cluster.run.number("total", 0) == NumberRun.total)
    }
  }
}
