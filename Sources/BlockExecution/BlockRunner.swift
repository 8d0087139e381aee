// SPDX-License-Identifier: Apache-2.0

/// Runs the tasks of a stage, a bounded number at once, in process.
public struct BlockRunner: Sendable {
  /// How many tasks run at once; at least 1.
  public let width: Int
  /// Told of each finished task.
  public let progress: any ProgressReporter

  /// A runner of at most `width` tasks at once.
  public init(width: Int, progress: any ProgressReporter = SilentProgress()) {
    self.width = max(1, width)
    self.progress = progress
  }

  /// Calls `body` once for every element, in any order, and reports each one done under the name of the stage.
  ///
  /// Memory is bounded by `width` bodies under way. The first error stops the stage: no further task is started, those under way end, the
  /// error is thrown. Cancelling the surrounding task does the same with `CancellationError`.
  ///
  /// - Parameters:
  ///   - count: how many tasks the stage has.
  ///   - done: how many of them were done before; `elements` are the others.
  public func run<Element: Sendable>(
    _ stage: String, over elements: some Sequence<Element>, count: Int, done: Int = 0,
    _ body: @escaping @Sendable (Element) throws -> Void
  ) async throws {
    progress.report(.started(stage: stage, tasks: count))
    if done > 0 { progress.report(.advanced(stage: stage, done: done, tasks: count)) }
    var done = done
    try await withThrowingTaskGroup(of: Void.self) { group in
      var remaining = elements.makeIterator()
      for _ in 0..<width {
        guard let element = remaining.next() else { break }
        group.addTask(executorPreference: KernelExecutor.shared) { try body(element) }
      }
      while try await group.next() != nil {
        try Task.checkCancellation()
        done += 1
        progress.report(.advanced(stage: stage, done: done, tasks: count))
        if let element = remaining.next() { group.addTask(executorPreference: KernelExecutor.shared) { try body(element) } }
      }
    }
    progress.report(.finished(stage: stage))
  }

  /// Runs one task that makes a whole stage, away from the cooperative pool.
  public func run<Result: Sendable>(_ stage: String, _ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    progress.report(.started(stage: stage, tasks: 1))
    let result = try await withThrowingTaskGroup(of: Result.self) { group in
      group.addTask(executorPreference: KernelExecutor.shared) { try body() }
      guard let result = try await group.next() else { throw CancellationError() }
      return result
    }
    try Task.checkCancellation()
    progress.report(.finished(stage: stage))
    return result
  }
}
