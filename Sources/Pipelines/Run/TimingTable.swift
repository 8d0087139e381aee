// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// `timings.csv`: seconds, host and peak memory, apart from the results because they differ from run to run.
enum TimingTable {
  /// A row a stage with the sum of its tasks, then a row a task.
  static func text(_ journal: Journal) -> String {
    var stages: [String] = []
    var tasks: [String] = []
    for outline in journal.outlines {
      let entries = journal.entries(of: outline.name).values.sorted { $0.task < $1.task }
      if entries.isEmpty { continue }
      let seconds = entries.map(\.seconds).reduce(0, +)
      stages.append("\(outline.name),\(number(seconds)),,\(entries.map(\.peakMemory).max() ?? 0)")
      for entry in entries {
        tasks.append("\(outline.name)/\(entry.task),\(number(entry.seconds)),\(entry.host),\(entry.peakMemory)")
      }
    }
    return (["task,seconds,host,peak_memory_bytes"] + stages + tasks).joined(separator: "\n") + "\n"
  }

  private static func number(_ seconds: Double) -> String { String(format: "%.3f", seconds) }
}
