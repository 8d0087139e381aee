// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// How far a run is, as its files tell.
public struct RunStatus: Sendable, Codable {
  /// One stage.
  public struct Stage: Sendable, Codable {
    /// The stage.
    public var name: String
    /// Tasks that are done.
    public var done: Int
    /// Tasks in all; `nil` where earlier stages decide.
    public var tasks: Int?
    /// How the done ones ended.
    public var states: [String: Int]
    /// Seconds that the done ones took, added up.
    public var seconds: Double
    /// Tasks that failed and did not succeed since.
    public var failures: [TaskFailure]
  }

  /// The run folder.
  public var folder: String
  /// The stages in their order.
  public var stages: [Stage]
  /// Whether a process is at work in it, as far as this machine can tell.
  public var isRunning: Bool
  /// Where that process runs, and its number.
  public var process: String?

  /// Reads the state of a run with these stages.
  package init(_ folder: RunFolder, _ outlines: [StageOutline]) {
    let journal = Journal(folder, outlines)
    let holder = RunLock.holder(of: folder)
    self.folder = folder.url.path
    isRunning = holder != nil
    process = holder.map { "\($0.process) on \($0.host)" }
    stages = outlines.map { outline in
      let entries = journal.entries(of: outline.name)
      var states: [String: Int] = [:]
      for entry in entries.values { if let state = entry.outcome.state { states[state, default: 0] += 1 } }
      return Stage(
        name: outline.name, done: entries.count, tasks: outline.tasks, states: states,
        seconds: entries.values.map(\.seconds).reduce(0, +), failures: journal.failures(of: outline.name))
    }
  }
}
