// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Runs all stages of a run one after the other in this process, whatever of them is still to be done.
package struct LocalExecutor: Sendable {
  package let folder: RunFolder
  package let retries: Int
  package let progress: any ProgressReporter

  package init(folder: RunFolder, retries: Int = 2, progress: any ProgressReporter = SilentProgress()) {
    self.folder = folder
    self.retries = retries
    self.progress = progress
  }

  /// - Throws: the error of a task that kept failing; `CancellationError`.
  package func run(_ run: some StagedRun) async throws {
    // What is damaged is made again, from the stage it came from on.
    var mends = 100
    while true {
      do { return try await pass(run) } catch let damage as DamagedOutput where mends > 0 && folder.holds(damage.path) {
        mends -= 1
        progress.report(.warning("\(damage.path) is damaged (\(damage.reason)); it is made again"))
        try? FileManager.default.removeItem(atPath: damage.path)
      }
    }
  }

  private func pass(_ run: some StagedRun) async throws {
    let journal = Journal(folder, run.outlines)
    for (index, outline) in run.outlines.enumerated() {
      let stage = try run.stage(outline.name, journal: journal)
      let done = journal.entries(of: stage.name)
      var missing = journal.missing(of: stage, done)
      // Tasks that failed for good are tried again as long as nothing was built on what stands in for them.
      let standIns = done.values.filter { $0.outcome.isStandIn == true }.map(\.task)
      if !standIns.isEmpty, run.outlines[(index + 1)...].allSatisfy({ journal.entries(of: $0.name).isEmpty }) {
        missing = Set(missing + standIns).sorted()
      }
      if missing.isEmpty { continue }
      let finished = stage.tasks.count - missing.count
      if finished > 0 { progress.report(.note("\(stage.name): \(finished) of \(stage.tasks.count) tasks were done before")) }
      var states: [String: Int] = [:]
      let again = Set(missing)
      for (task, entry) in done where !again.contains(task) { states[entry.outcome.state ?? "done", default: 0] += 1 }
      let runner = TaskRunner(
        folder: folder, stage: stage, key: run.outlines.key(of: stage.name), retries: retries, progress: progress)
      try await runner.run(missing, done: finished, states: states)
    }
  }
}
