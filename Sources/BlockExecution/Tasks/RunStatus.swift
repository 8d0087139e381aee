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

  /// One of several runs that a run consists of.
  public struct Round: Sendable, Codable {
    /// How far it is.
    public enum State: String, Sendable, Codable {
      case done, begun, waiting
    }

    /// Its name, that of its folder.
    public var name: String
    /// How far it is.
    public var state: State

    package init(name: String, state: State) { (self.name, self.state) = (name, state) }
  }

  /// The run folder.
  public var folder: String
  /// The rounds in their order; `nil` for a run that is one.
  public var rounds: [Round]?
  /// The stages in their order; of several rounds, those of the one that is under way.
  public var stages: [Stage]
  /// Whether a process is at work in it, as far as this machine can tell.
  public var isRunning: Bool
  /// Where that process runs, and its number.
  public var process: String?
  /// Jobs of a cluster that are at work or wait for their turn, by number, and how far they are; `nil` for none.
  public var jobs: [String: String]?
  /// Why it is not known whether jobs are at work; `nil` where it is.
  public var jobsUnknown: String?

  /// Reads the state of a run with these stages.
  package init(_ folder: RunFolder, _ outlines: [StageOutline]) {
    let journal = Journal(folder, outlines)
    let holder = RunLock.holder(of: folder)
    self.folder = folder.url.path
    do {
      let live = try JobRecord(folder).live()
      jobs = live.isEmpty ? nil : live
    } catch { jobsUnknown = error.localizedDescription }
    isRunning = holder != nil || jobs != nil
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
