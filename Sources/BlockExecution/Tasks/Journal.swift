// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What is done of a run, as its ledgers tell.
package struct Journal: Sendable {
  package let folder: RunFolder
  package let outlines: [StageOutline]

  /// The journal of a run with these stages.
  package init(_ folder: RunFolder, _ outlines: [StageOutline]) {
    self.folder = folder
    self.outlines = outlines
  }

  /// The entries of a stage that hold under its present parameters, by task.
  ///
  /// - Complexity: O(lines of its ledgers).
  package func entries(of stage: String) -> [Int: LedgerEntry] { Self.entries(of: stage, key: outlines.key(of: stage), folder) }

  /// The entries of a stage with a key, by task. A success counts for more than what stood in for it, whichever came last.
  static func entries(of stage: String, key: String, _ folder: RunFolder) -> [Int: LedgerEntry] {
    var entries: [Int: LedgerEntry] = [:]
    let ledgers = folder.ledgers(of: stage)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: ledgers.path)) ?? []
    for name in names.sorted() where name.hasSuffix(".jsonl") {
      guard let data = try? Data(contentsOf: ledgers.appendingPathComponent(name)) else { continue }
      for entry in Ledger.entries(of: data) where entry.key == key {
        if entry.outcome.isStandIn == true, let known = entries[entry.task], known.outcome.isStandIn != true { continue }
        entries[entry.task] = entry
      }
    }
    return entries
  }

  /// How many tasks of a stage have no entry.
  package func unrecorded(of stage: Stage) -> Int {
    let done = entries(of: stage.name)
    return stage.tasks.filter { done[$0] == nil }.count
  }

  /// The tasks of a stage that are still to be done: those without an entry, or whose output is gone.
  package func missing(of stage: Stage) -> [Int] { missing(of: stage, entries(of: stage.name)) }

  func missing(of stage: Stage, _ done: [Int: LedgerEntry]) -> [Int] {
    stage.tasks.filter { task in
      guard let entry = done[task] else { return true }
      return !Self.isPresent(task, entry.outcome, of: stage, folder)
    }
  }

  /// Whether what a task wrote is still there.
  static func isPresent(_ task: Int, _ outcome: TaskOutcome, of stage: Stage, _ folder: RunFolder) -> Bool {
    let own = folder.stage(stage.name).path
    for (name, bytes) in outcome.files ?? [:] {
      let attributes = try? FileManager.default.attributesOfItem(atPath: own + "/" + name)
      guard (attributes?[.size] as? NSNumber)?.intValue == bytes else { return false }
    }
    return stage.isPresent(task, outcome)
  }

  /// The failures on record of a stage.
  package func failures(of stage: String) -> [TaskFailure] {
    let failed = folder.failures(of: stage)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: failed.path)) ?? []
    return names.compactMap { try? RunFolder.decoder.decode(TaskFailure.self, from: Data(contentsOf: failed.appendingPathComponent($0))) }
      .sorted { $0.task < $1.task }
  }
}
