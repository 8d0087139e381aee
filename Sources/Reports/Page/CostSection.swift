// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// Where the time went.
struct CostSection {
  let times: RecordedTimes

  var html: HTML {
    let longest = max(times.stages.map(\.seconds).max() ?? 0, .leastNormalMagnitude)
    let rows = times.stages.map { stage in
      BarTable.Row(
        name: stage.name, text: NumberFormat.duration(stage.seconds), share: stage.seconds / longest,
        more: [String(stage.tasks), MemoryBudget.describe(stage.peakMemoryBytes)])
    }
    return """
      <p>\(NumberFormat.duration(times.seconds)) of work, summed over tasks: tasks that ran at the same time count each. Peak memory is that of the \
      whole process so far, \(MemoryBudget.describe(times.peakMemoryBytes)) at the most.</p>
      <div class="scroll" tabindex="0" role="region" aria-label="Time by stage">\(BarTable(headings: ["Stage", "time", "tasks", "peak memory"], rows: rows).html)</div>
      """
  }
}
