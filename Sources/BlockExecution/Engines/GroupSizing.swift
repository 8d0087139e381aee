// SPDX-License-Identifier: Apache-2.0

/// How tasks are shared among jobs.
///
/// A job costs the scheduler about a second, whatever it does, and an administrator's patience; so it runs tasks for about ten minutes. Few
/// tasks are spread over more jobs, as long as each has a minute's work.
package enum GroupSizing {
  /// Seconds that a job aims at.
  package static let aim = 600.0

  /// Seconds that jobs aim at that may take no more than `time`: half of what is left when they are told of their end.
  package static func aim(within time: Double?) -> Double { min(aim, time.map { ($0 - Double(SlurmScript.warning)) / 2 } ?? aim) }
  /// Seconds that are worth a job.
  package static let least = 60.0
  /// Jobs that few tasks are spread over.
  package static let spread = 64
  /// Jobs of a probe, which begin no further task after `least` seconds.
  package static let probes = 16

  /// Tasks of a job.
  ///
  /// - Parameters:
  ///   - seconds: what a task takes of a job's time.
  ///   - aim: what a job aims at.
  package static func tasks(of count: Int, seconds: Double, aim: Double = aim) -> Int {
    let seconds = max(seconds, 1e-3)
    let most = max(1, Int(min(aim / seconds, 1e9)))
    let worthwhile = max(1, Int((min(least / seconds, 1e9)).rounded(.up)))
    let share = (count + spread - 1) / spread
    return min(most, max(worthwhile, share))
  }

  /// Tasks in groups of `size`, in their order.
  package static func groups(_ tasks: [Int], of size: Int) -> [[Int]] {
    stride(from: 0, to: tasks.count, by: max(1, size)).map { Array(tasks[$0..<min($0 + max(1, size), tasks.count)]) }
  }

  /// Groups that tell what a task takes: four tasks each, or more where that were too many groups.
  package static func probe(_ tasks: [Int]) -> [[Int]] { groups(tasks, of: max(4, (tasks.count + probes - 1) / probes)) }
}
