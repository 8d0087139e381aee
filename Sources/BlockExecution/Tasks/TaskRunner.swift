// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Runs tasks of one stage in this process, each recorded in a ledger as soon as it is done.
package struct TaskRunner: Sendable {
  package let folder: RunFolder
  package let stage: Stage
  package let key: String
  /// How often a task that fails is tried again.
  package let retries: Int
  package let progress: any ProgressReporter
  /// Which round of the stage, and which group of the round: they name the ledger.
  package var round = 0
  package var group = 0
  /// When no further task is begun.
  package var deadline: ContinuousClock.Instant?

  package init(folder: RunFolder, stage: Stage, key: String, retries: Int, progress: any ProgressReporter) {
    self.folder = folder
    self.stage = stage
    self.key = key
    self.retries = retries
    self.progress = progress
  }

  /// Runs the tasks, `stage.width` at once.
  ///
  /// A task that keeps failing is replaced by the stage's rescue where there is one. Else no further task is begun, those under way end,
  /// and the failure is thrown.
  ///
  /// - Parameters:
  ///   - done: how many tasks of the stage were done before, for the progress.
  ///   - states: how those ended.
  /// - Throws: the last error of a task that kept failing; `DamagedOutput` where what an earlier stage wrote is damaged; `CancellationError`.
  package func run(_ tasks: [Int], done: Int = 0, states: [String: Int] = [:]) async throws {
    let ledger = try Ledger(folder, stage: stage.name, round: round, group: group)
    let log = TaskLog(folder, stage: stage.name, round: round, group: group)
    log.add("begins with \(tasks.count) tasks, \(stage.width) at once")
    let counts = Counts(states)
    let host = ProcessInfo.processInfo.hostName
    let began = ContinuousClock.now
    do {
      let blocks = BlockRunner(width: stage.width, progress: progress)
      try await blocks.run(stage.name, over: begun(tasks), count: done + tasks.count, done: done) { task in
        let start = ContinuousClock.now
        let (outcome, attempts) = try attempt(task, log, host)
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        try ledger.append(
          LedgerEntry(
            task: task, key: key, outcome: outcome, attempts: attempts, seconds: seconds, host: host, peakMemory: PeakMemory.bytes()))
        log.add("task \(task): \(outcome.state ?? "done"), \(String(format: "%.3f", seconds)) s")
        if let state = outcome.state { progress.report(.states(stage: stage.name, counts: counts.add(state))) }
      }
      try ledger.synchronise()
    } catch {
      try? ledger.synchronise()
      log.add(error is CancellationError ? "stopped" : "ends: \(error.localizedDescription)")
      throw error
    }
    log.add("ends after \(String(format: "%.3f", (ContinuousClock.now - began) / .seconds(1))) s")
  }

  /// Tasks until the deadline; the first ones whatever that is.
  private func begun(_ tasks: [Int]) -> some Sequence<Int> & Sendable {
    tasks.enumerated().lazy.prefix { place, _ in place < stage.width || deadline.map { .now < $0 } ?? true }.map(\.element)
  }

  /// Tries a task until it succeeds.
  private func attempt(_ task: Int, _ log: TaskLog, _ host: String) throws -> (outcome: TaskOutcome, attempts: Int) {
    var attempts = 0
    while true {
      try Task.checkCancellation()
      attempts += 1
      do {
        let outcome = try stage.isExclusive ? alone(task) : stage.body(task)
        TaskFailure.clear(folder, stage.name, task)
        return (outcome, attempts)
      } catch let error where error is CancellationError || error is DamagedOutput {
        throw error
      } catch {
        try Task.checkCancellation()
        log.add("task \(task): attempt \(attempts) failed: \(error.localizedDescription)")
        if attempts <= retries && stage.isWorthRetrying(error) { continue }
        let failure = TaskFailure(
          stage: stage.name, task: task, attempts: attempts, error: error.localizedDescription,
          hint: (error as? any LocalizedError)?.recoverySuggestion, host: host,
          isFinal: stage.isWorthRetrying(error) ? nil : true)
        failure.write(to: folder)
        guard var outcome = stage.rescue(task, error) else { throw error }
        progress.report(.warning("\(stage.name), task \(task): \(failure.error) (tried \(attempts) times; the run goes on without it)"))
        outcome.isStandIn = true
        return (outcome, attempts)
      }
    }
  }

  /// Runs a task while no other process does; where one has just done it, that counts.
  private func alone(_ task: Int) throws -> TaskOutcome {
    let path = folder.stage(stage.name).appendingPathComponent("lock").path
    var lock: FileLock?
    while lock == nil { lock = try FileLock(path, patience: .seconds(60)) }
    defer { withExtendedLifetime(lock) {} }
    if let entry = Journal.entries(of: stage.name, key: key, folder)[task], Journal.isPresent(task, entry.outcome, of: stage, folder) {
      return entry.outcome
    }
    return try stage.body(task)
  }

  private final class Counts: Sendable {
    private let states: Mutex<[String: Int]>

    init(_ states: [String: Int]) { self.states = Mutex(states) }

    func add(_ state: String) -> [String: Int] {
      states.withLock {
        $0[state, default: 0] += 1
        return $0
      }
    }
  }
}
