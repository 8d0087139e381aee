// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A stage that can be run: a list of idempotent tasks over files.
///
/// Each task reads what earlier stages wrote and the inputs, writes files of its own whole or not at all, and tells an outcome. Running one
/// twice, even at the same time, gives the same bytes.
package struct Stage: Sendable {
  /// The tasks of a stage, by number.
  package enum Selection: Sendable {
    /// Tasks 0 ..< count.
    case all(Int)
    /// Some numbers, ascending.
    case some([Int])

    /// How many.
    package var count: Int {
      switch self {
      case .all(let count): count
      case .some(let tasks): tasks.count
      }
    }

    /// All numbers.
    package var numbers: [Int] { filter { _ in true } }

    /// The numbers that `isWanted`.
    package func filter(_ isWanted: (Int) -> Bool) -> [Int] {
      switch self {
      case .all(let count): (0..<count).filter(isWanted)
      case .some(let tasks): tasks.filter(isWanted)
      }
    }
  }

  /// As in the plan.
  package var name: String
  /// The tasks.
  package var tasks: Selection
  /// How many run at once.
  package var width: Int
  /// Runs one task.
  package var body: @Sendable (_ task: Int) throws -> TaskOutcome
  /// Whether what a done task wrote is still there.
  package var isPresent: @Sendable (_ task: Int, _ outcome: TaskOutcome) -> Bool
  /// What stands in for a task that keeps failing; `nil` where nothing does, and the run ends.
  package var rescue: @Sendable (_ task: Int, _ error: any Error) -> TaskOutcome?
  /// Whether an error may go away by itself.
  package var isWorthRetrying: @Sendable (_ error: any Error) -> Bool
  /// Whether a task replaces a whole folder: one process at a time, and none that comes later, does it.
  package var isExclusive: Bool

  /// A stage.
  package init(
    _ name: String, tasks: Selection, width: Int, isExclusive: Bool = false,
    isPresent: @escaping @Sendable (Int, TaskOutcome) -> Bool = { _, _ in true },
    isWorthRetrying: @escaping @Sendable (any Error) -> Bool = { _ in true },
    rescue: @escaping @Sendable (Int, any Error) -> TaskOutcome? = { _, _ in nil },
    body: @escaping @Sendable (Int) throws -> TaskOutcome
  ) {
    self.name = name
    self.tasks = tasks
    self.width = width
    self.isPresent = isPresent
    self.isWorthRetrying = isWorthRetrying
    self.isExclusive = isExclusive
    self.rescue = rescue
    self.body = body
  }
}

/// An output of an earlier task that is no longer what was written.
///
/// Where a task throws it, the output is removed and its task runs again.
package struct DamagedOutput: LocalizedError, Sendable {
  /// The file or folder that is damaged.
  package var path: String
  /// How that shows.
  package var reason: String

  /// A file that is not what it was.
  package init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }

  package var errorDescription: String? { "\(path) is damaged: \(reason)" }
  package var recoverySuggestion: String? { "remove the file and run the same command again: only what it held is made again" }
}
