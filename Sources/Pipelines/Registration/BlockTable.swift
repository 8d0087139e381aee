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
      "state", "metric_before", "metric_after", "minimum_jacobian", "folding_percent", "largest_displacement", "valid_percent", "attempt",
      "message",
    ]
    header += ["verdict", "reason", "tissue_percent"]
    for metric in ["lncc", "ncc", "mi"] { header += ["initial", "coarse", "fine"].map { "\(metric)_\($0)" } }
    header += ["residual", "evidence_percent", "forward_backward", "disagreement"]
    header += ["map_minimum_jacobian", "map_maximum_jacobian", "map_folding_percent"]
    if !coarser.isEmpty { header.append("scale") }
    var lines = [header.joined(separator: ",")]
    let all = records.map { ($0, 1) } + coarser.reversed().flatMap { level in level.blocks.map { ($0, level.scale) } }
    for (record, scale) in all {
      let block = record.block
      let numbers = texts([
        record.metricBefore, record.metricAfter, record.minimumJacobian, record.foldingPercent, record.largestDisplacement,
        record.validPercent,
      ])
      let place: [Int] = [block.number] + block.index.suffix(rank) + block.core.lower.suffix(rank) + block.core.upper.suffix(rank)
      var fields: [String] = place.map { String($0) }
      fields.append(record.state.rawValue)
      fields += numbers
      fields.append(record.attempt.rawValue)
      fields += [record.message ?? "", record.verdict.rawValue, record.reason]
      let quality = record.quality
      let steps = [quality?.initial, quality?.coarse, quality?.fine]
      var measures: [Double?] = [quality?.tissuePercent]
      measures += steps.map { $0?.lncc }
      measures += steps.map { $0?.ncc }
      measures += steps.map { $0?.mi }
      measures += [quality?.residual, quality?.evidencePercent, quality?.forwardBackward, quality?.disagreement]
      measures += [quality?.minimumJacobian, quality?.maximumJacobian, quality?.foldingPercent]
      fields += texts(measures)
      if !coarser.isEmpty { fields.append(String(scale)) }
      lines.append(CSVTable.line(fields))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func texts(_ values: [Double?]) -> [String] { values.map { $0.map { String(format: "%.5g", $0) } ?? "" } }
}
