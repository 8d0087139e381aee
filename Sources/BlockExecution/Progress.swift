// SPDX-License-Identifier: Apache-2.0

/// What a run tells while it goes on.
public enum ProgressEvent: Sendable, Equatable {
  /// A stage began, with that many tasks.
  case started(stage: String, tasks: Int)
  /// So many tasks of a stage are done.
  case advanced(stage: String, done: Int, tasks: Int)
  /// How the tasks of a stage that are done ended: how many in each state.
  case states(stage: String, counts: [String: Int])
  /// A stage ended well.
  case finished(stage: String)
  /// A line for the user: what was chosen and why, or something to know.
  case note(String)
  /// A line that the user should not miss.
  case warning(String)
}

/// Takes the events of a run; may be called from any thread.
public protocol ProgressReporter: Sendable {
  /// Takes one event.
  func report(_ event: ProgressEvent)
}

/// Keeps quiet.
public struct SilentProgress: ProgressReporter {
  /// A reporter that drops every event.
  public init() {}

  /// Drops the event.
  public func report(_ event: ProgressEvent) {}
}
