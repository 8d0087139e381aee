// SPDX-License-Identifier: Apache-2.0

internal import Dispatch

/// Runs child tasks on Dispatch's threads, so that long synchronous kernels leave Swift's cooperative pool free for progress and signals.
final class KernelExecutor: TaskExecutor {
  static let shared = KernelExecutor()

  private let queue = DispatchQueue(label: "weft.kernels", attributes: .concurrent)

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
