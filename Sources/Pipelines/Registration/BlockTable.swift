// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Transforms

/// `blocks.csv`: one row a block, in the grid's order; where there are several levels full resolution comes first, and a last column names
/// the scale.
enum BlockTable {
  static func text(_ records: [BlockRecord], coarser: [LevelRecord], rank: Int) -> String {
    let axes = Array(["z", "y", "x"].suffix(rank))
    var header = ["block"] + axes.map { "index_\($0)" }
    header += axes.map { "start_\($0)" } + axes.map { "stop_\($0)" }
    header += [
      "state", "metric_before", "metric_after", "minimum_jacobian", "folding_percent", "largest_displacement", "valid_percent", "widened",
      "message",
    ]
    if !coarser.isEmpty { header.append("scale") }
    var lines = [header.joined(separator: ",")]
    let all = records.map { ($0, 1) } + coarser.reversed().flatMap { level in level.blocks.map { ($0, level.scale) } }
    for (record, scale) in all {
      let block = record.block
      let numbers = [
        record.metricBefore, record.metricAfter, record.minimumJacobian, record.foldingPercent, record.largestDisplacement,
        record.validPercent,
      ].map { $0.map { String(format: "%.5g", $0) } ?? "" }
      let place: [Int] = [block.number] + block.index.suffix(rank) + block.core.lower.suffix(rank) + block.core.upper.suffix(rank)
      var fields: [String] = place.map { String($0) }
      fields.append(record.state.rawValue)
      fields += numbers
      fields.append(record.widened ? "1" : "0")
      fields.append(record.message ?? "")
      if !coarser.isEmpty { fields.append(String(scale)) }
      lines.append(CSVTable.line(fields))
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
