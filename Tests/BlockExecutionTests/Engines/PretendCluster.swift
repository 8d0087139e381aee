// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Synchronization

/// A cluster inside this process: groups run as workers run them, one batch a task; and what goes wrong on clusters, does.
final class PretendCluster: JobEngine {
  /// What happens to a group instead of being run.
  enum Fate: Sendable {
    /// All is well.
    case runs
    /// It is killed after so many tasks, without a word.
    case killed(after: Int)
    /// It runs, and once more at the same time.
    case runsTwice
    /// It never begins.
    case waits
  }

  let name = "pretend"
  let mostGroups: Int
  let poll = 0.05
  let mostMemory: Int? = 3_000_000_000
  let isGone = false
  let run: NumberRun
  let fate: @Sendable (_ batch: JobBatch, _ group: Int) -> Fate
  let isOutOfMemory: Bool
  /// How many groups it takes at a time.
  let limit: Int
  let batches = Mutex<[JobBatch]>([])
  let cancelled = Mutex<[String]>([])
  let continuations = Mutex<[[String]]>([])
  private let live = Mutex<[String: Int]>([:])

  init(
    _ run: NumberRun, mostGroups: Int = 1000, isOutOfMemory: Bool = false, limit: Int = 1000,
    fate: @escaping @Sendable (JobBatch, Int) -> Fate = { _, _ in .runs }
  ) {
    self.run = run
    self.mostGroups = mostGroups
    self.isOutOfMemory = isOutOfMemory
    self.limit = limit
    self.fate = fate
  }

  func submit(_ batch: JobBatch) async throws -> String {
    if live.withLock({ $0.values.reduce(0, +) }) + batch.groups.count > limit { throw JobLimit(text: "AssocMaxSubmitJobLimit") }
    let job = batches.withLock { batches in
      batches.append(batch)
      return "\(batches.count)"
    }
    live.withLock { $0[job] = batch.groups.count }
    Task.detached { [self] in
      for group in batch.groups { try? await work(batch, group) }
      live.withLock { $0[job] = nil }
    }
    return job
  }

  private func work(_ batch: JobBatch, _ group: Int) async throws {
    let fate = fate(batch, group)
    let journal = Journal(run.folder, run.outlines)
    let stage = try run.stage(batch.stage, journal: journal)
    let groups = try TaskGroups.read(batch.list)
    let missing = Set(journal.missing(of: stage))
    var tasks = groups.groups[group].filter(missing.contains)
    var isSilent = false
    var copies = 1
    switch fate {
    case .runs: break
    case .killed(let count): (tasks, isSilent) = (Array(tasks.prefix(count)), true)
    case .runsTwice: copies = 2
    case .waits:
      try await Task.sleep(for: .seconds(3600))
    }
    var runner = TaskRunner(
      folder: run.folder, stage: stage, key: run.outlines.key(of: batch.stage), retries: 0, progress: SilentProgress())
    // Not for so long as a batch says: a loaded machine may take a minute to begin.
    (runner.round, runner.group) = (groups.round, group)
    defer { if !isSilent { run.folder.markEnd(of: batch.stage, round: groups.round, group: group) } }
    let ready = runner
    let chosen = tasks
    do {
      try await withThrowingTaskGroup { copiesOfIt in
        for _ in 0..<copies { copiesOfIt.addTask { try await ready.run(chosen) } }
        try await copiesOfIt.waitForAll()
      }
    } catch let damage as DamagedOutput { try? FileManager.default.removeItem(atPath: damage.path) }
  }

  func submitContinuation(of output: String, named name: String, after jobs: [String]) async throws -> String {
    continuations.withLock { $0.append(jobs) }
    return "c"
  }

  func states(of jobs: [String]) throws -> [String: JobState] {
    let live = live.withLock { $0 }
    return Dictionary(uniqueKeysWithValues: Set(jobs).map { ($0, live[$0] != nil ? .live("running") : .ended(["COMPLETED": 1])) })
  }

  func ranOutOfMemory(_ jobs: [String]) -> Bool { isOutOfMemory }

  func job(named name: String) -> String? {
    batches.withLock { batches in batches.firstIndex { $0.name == name }.map { "\($0 + 1)" } }
  }

  func cancel(named name: String) {}

  func cancel(_ jobs: [String]) { cancelled.withLock { $0 += jobs } }
}
