// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Pipelines
internal import Transforms

/// `timings.csv` of a run: seconds and peak memory by stage.
struct RecordedTimes: Sendable, Encodable {
  struct Stage: Sendable, Encodable {
    var name: String
    /// The sum over its tasks.
    var seconds: Double
    /// Of the process, when the stage ended.
    var peakMemoryBytes: Int
    var tasks: Int
  }

  /// In the order in which they ran.
  let stages: [Stage]

  /// The largest peak.
  var peakMemoryBytes: Int { stages.map(\.peakMemoryBytes).max() ?? 0 }
  /// The sum over all tasks.
  var seconds: Double { stages.map(\.seconds).reduce(0, +) }

  /// Reads the table.
  ///
  /// - Returns: `nil` where there is none: nothing else depends on it.
  /// - Throws: `TransformError` or `PipelineError` where it is damaged.
  init?(contentsOf path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let table = try CSVTable(contentsOf: path)
    let places = try table.places(of: ["task", "seconds", "peak_memory_bytes"])
    let numbers = try table.numbers(at: Array(places.dropFirst()))
    var tasks: [String: Int] = [:]
    for row in table.rows {
      let parts = row.fields[places[0]].split(separator: "/")
      if parts.count == 2 { tasks[String(parts[0]), default: 0] += 1 }
    }
    stages = zip(table.rows, numbers).compactMap { row, numbers in
      let name = row.fields[places[0]]
      if name.contains("/") { return nil }
      return Stage(name: name, seconds: numbers[0], peakMemoryBytes: Int(min(max(numbers[1], 0), 1e18)), tasks: tasks[name] ?? 0)
    }
  }
}
