// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// The folder of a run on a file system that all its workers share.
///
///     plan.json                      what is done: inputs, parameters, grid; written once, before anything else
///     lock                           held while a driver runs
///     workers                        held, shared, while a process runs a group of tasks
///     preparing                      held while a process that runs tasks sees whether the run is prepared
///     <stage>/stage.json             the parameters that its results depend on
///     <stage>/ledger/*.jsonl         one line a finished task; each file has one writer
///     <stage>/failed/<task>.json     the last error of a task
///     <stage>/round<k>.json          groups of task numbers, for `weft task run`
///     <stage>/…                      the tasks' outputs
///     <stage>/ended/<k>.<group>      groups whose process came to its end
///     logs/*.log                     what each group of tasks did, when
///     jobs/record.jsonl              what was given to a cluster; and its scripts
package struct RunFolder: Sendable {
  /// The folder.
  package let url: URL

  /// The run folder at `url`, which need not exist yet.
  package init(_ url: URL) { self.url = url }

  package var plan: URL { url.appendingPathComponent("plan.json") }
  package var lock: URL { url.appendingPathComponent("lock") }
  /// There where whoever drives the run, on another machine perhaps, is asked to stop.
  package var cancelled: URL { url.appendingPathComponent("cancelled") }
  private var workers: URL { url.appendingPathComponent("workers") }
  package var logs: URL { url.appendingPathComponent("logs") }
  /// What was given to a cluster.
  package var jobs: URL { url.appendingPathComponent("jobs") }

  /// The folder of a stage, where its tasks write.
  package func stage(_ name: String) -> URL { url.appendingPathComponent(name) }

  func record(of stage: String) -> URL { self.stage(stage).appendingPathComponent("stage.json") }
  package func ledgers(of stage: String) -> URL { self.stage(stage).appendingPathComponent("ledger") }
  func failures(of stage: String) -> URL { self.stage(stage).appendingPathComponent("failed") }

  /// Whether a file lies in the folder: what lies elsewhere is an input.
  package func holds(_ path: String) -> Bool {
    let own = url.standardizedFileURL.path
    return URL(fileURLWithPath: path).standardizedFileURL.path.hasPrefix(own.hasSuffix("/") ? own : own + "/")
  }

  /// Says that a group of tasks came to its end, whatever is done of it.
  package func markEnd(of stage: String, round: Int, group: Int) {
    let folder = ends(of: stage)
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try? Data().write(to: folder.appendingPathComponent("\(round).\(group)"))
  }

  /// How many groups of a round came to their end.
  func endedGroups(of stage: String, round: Int) -> Int {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: ends(of: stage).path)) ?? []
    return names.count { $0.hasPrefix("\(round).") }
  }

  private func ends(of stage: String) -> URL { self.stage(stage).appendingPathComponent("ended") }

  /// A name that no other process, here or on another machine, has.
  static func uniqueName() -> String {
    let host = ProcessInfo.processInfo.hostName.prefix(40).map { $0.isLetter || $0.isNumber ? $0 : "-" }
    return "\(String(host))-\(ProcessInfo.processInfo.processIdentifier)-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
  }

  /// Says that this process runs tasks of the run, as long as the result lives: nobody begins the run anew under them.
  ///
  /// - Throws: `RunError` where somebody is just doing that.
  package func workerLock() throws -> any Sendable {
    guard let lock = try FileLock(workers.path, isShared: true, patience: .seconds(5)) else {
      throw RunError("the run in \(url.path) is being planned anew", hint: "wait for it, then give the same command again")
    }
    return lock
  }

  /// Makes the folders of the stages, keeping what earlier runs did as far as the same parameters led to it.
  ///
  /// - Returns: for each stage whose earlier results do not hold any more, the parameters that changed, as `name: old → new`.
  /// - Throws: where the folder cannot be written; `RunError` where something would be dropped that other processes are at work on.
  package func adopt(_ outlines: [StageOutline]) throws -> [(stage: String, changes: [String])] {
    let files = FileManager.default
    var stale: [(stage: String, changes: [String])] = []
    for outline in outlines {
      let wanted = outlines.parameters(upTo: outline.name)
      let folder = stage(outline.name)
      if let data = try? Data(contentsOf: record(of: outline.name)) {
        let had = (try? JSONDecoder().decode([String: String].self, from: data)) ?? [:]
        if had == wanted { continue }
        let names = Set(had.keys).union(wanted.keys).filter { had[$0] != wanted[$0] }.sorted()
        stale.append((outline.name, names.map { "\($0): \(had[$0] ?? "none") → \(wanted[$0] ?? "none")" }))
      }
      if files.fileExists(atPath: folder.path) {
        let lock = try withoutWorkers()
        defer { withExtendedLifetime(lock) {} }
        try files.removeItem(at: folder)
      }
      for made in [ledgers(of: outline.name), failures(of: outline.name)] {
        try files.createDirectory(at: made, withIntermediateDirectories: true)
      }
      try Self.encoder.encode(wanted).write(to: record(of: outline.name), options: .atomic)
    }
    try files.createDirectory(at: logs, withIntermediateDirectories: true)
    return stale
  }

  /// Prepares a run where the process that planned it ended before it did; one process does, the others wait.
  ///
  /// - Throws: as `prepare`; `RunError` where another process is at it for more than a minute.
  package func prepareWhereMissing(_ run: some StagedRun) throws {
    guard let lock = try FileLock(url.appendingPathComponent("preparing").path, patience: .seconds(60)) else {
      throw RunError("the run in \(url.path) is being prepared", hint: "wait for it, then give the same command again")
    }
    defer { withExtendedLifetime(lock) {} }
    guard !run.outlines.allSatisfy({ FileManager.default.fileExists(atPath: record(of: $0.name).path) }) else { return }
    _ = try run.prepare(self)
  }

  /// Whether other processes are at work on tasks of the run.
  package var hasWorkers: Bool { (try? FileLock(workers.path, patience: .zero)) == nil }

  /// Keeps workers out as long as the result lives.
  private func withoutWorkers() throws -> any Sendable {
    guard let lock = try FileLock(workers.path, patience: .seconds(1)) else {
      throw RunError("tasks of the run in \(url.path) are still at work", hint: "wait for them, or stop them")
    }
    return lock
  }

  /// Drops what earlier runs did, but not the locks.
  ///
  /// - Throws: `RunError` where other processes are at work on tasks of it.
  package func clear() throws {
    let lock = try withoutWorkers()
    defer { withExtendedLifetime(lock) {} }
    let kept = [self.lock, workers].map(\.lastPathComponent)
    for name in (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [] where !kept.contains(name) {
      try FileManager.default.removeItem(at: url.appendingPathComponent(name))
    }
  }

  /// What the names of run folders begin with while they are removed.
  private static let removedPrefix = ".weft-dropped-"

  /// Whether a name is that of a run folder that was on its way out when its process ended.
  package static func isRemoved(_ name: String) -> Bool { name.hasPrefix(removedPrefix) }

  /// Removes run folders that were on their way out of `folder` when their process ended.
  package static func sweep(_ folder: URL) {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [] where isRemoved(name) {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// Removes the folder. It loses its name at once, and its files after that: half of it is never taken for a run.
  ///
  /// - Throws: `RunError` where other processes are at work on tasks of it.
  package func remove() throws {
    let lock = try withoutWorkers()
    defer { withExtendedLifetime(lock) {} }
    let removed = url.deletingLastPathComponent().appendingPathComponent(Self.removedPrefix + UUID().uuidString)
    try FileManager.default.moveItem(at: url, to: removed)
    try? FileManager.default.removeItem(at: removed)
  }

  /// JSON as all files of a run have it.
  package static var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  /// Reads what `encoder` wrote.
  package static var decoder: JSONDecoder {
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return decoder
  }
}
