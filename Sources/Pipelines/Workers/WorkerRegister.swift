// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Synchronization

/// The programs that a run starts, from planning on: they end with it, and at once where it is cancelled.
final class WorkerRegister: Sendable {
  @TaskLocal private static var current: WorkerRegister?

  private struct State {
    var pools: [WorkerPool] = []
    var isCancelled = false
  }

  private let state = Mutex(State())

  private init() {}

  /// Notes programs that the run of the current task starts.
  static func add(_ pool: WorkerPool) {
    guard let current else { return }
    let isCancelled = current.state.withLock { state in
      state.pools.append(pool)
      return state.isCancelled
    }
    if isCancelled { pool.cancel() }
  }

  /// Runs what may start programs, and lets these end afterwards.
  static func run<Result>(_ progress: any ProgressReporter, _ body: () async throws -> Result) async throws -> Result {
    let register = WorkerRegister()
    defer { for pool in register.state.withLock({ $0.pools }) { pool.end(progress) } }
    return try await withTaskCancellationHandler {
      try await $current.withValue(register) { try await body() }
    } onCancel: {
      let pools = register.state.withLock { state in
        state.isCancelled = true
        return state.pools
      }
      for pool in pools { pool.cancel() }
    }
  }
}
