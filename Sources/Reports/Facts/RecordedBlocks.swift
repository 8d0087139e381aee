// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Pipelines
internal import Transforms

/// `blocks.csv` of a registration, its columns read by their names; blocks of full resolution alone.
package struct RecordedBlocks: Sendable {
  /// In the order of the table.
  package let blocks: [RecordedBlock]
  /// The columns that say how good a block is, in the order of the table.
  package let measures: [String]
  /// Whether somebody judged the blocks; else verdicts are their states.
  package let isJudged: Bool
  /// How many rows tell of coarser levels, which are left out.
  package let coarserCount: Int

  private static let placeNames: Set<String> = ["block", "scale", "state", "verdict", "reason", "message"]

  /// Reads the table.
  ///
  /// - Throws: `PipelineError` or `TransformError` where it is missing or damaged, naming the line.
  package init(contentsOf path: String, rank: Int) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw PipelineError("\(path) is missing, which tells of each block", hint: "copy the output folder again from where it is whole")
    }
    let table = try CSVTable(contentsOf: path)
    let axes = Array(["z", "y", "x"].suffix(rank))
    let places = try ["index", "start", "stop"].map { what in try table.places(of: axes.map { "\(what)_\($0)" }) }
    let number = try table.places(of: ["block", "state"])
    func place(_ name: String) -> Int? { table.columns.firstIndex { $0.lowercased() == name } }
    let (verdict, reason, message, scale) = (place("verdict"), place("reason"), place("message"), place("scale"))
    let known = Set(places.joined())
    let others = table.columns.indices.filter { !known.contains($0) && !Self.placeNames.contains(table.columns[$0].lowercased()) }
    var blocks: [RecordedBlock] = []
    var coarser = 0
    for row in table.rows {
      func whole(_ column: Int) throws -> Int {
        guard let value = Int(row.fields[column]) else {
          throw PipelineError(
            "\(path) line \(row.line) has `\(row.fields[column])` in the column `\(table.columns[column])`, which is no whole number",
            hint: "copy the output folder again from where it is whole, or run the registration again")
        }
        return value
      }
      if let scale, try whole(scale) != 1 {
        coarser += 1
        continue
      }
      var (values, texts): ([String: Double], [String: String]) = ([:], [:])
      for column in others where !row.fields[column].isEmpty {
        if let value = Double(row.fields[column]), value.isFinite {
          values[table.columns[column]] = value
        } else {
          texts[table.columns[column]] = row.fields[column]
        }
      }
      let state = row.fields[number[1]]
      let judged = verdict.map { row.fields[$0] } ?? ""
      blocks.append(
        RecordedBlock(
          number: try whole(number[0]), index: try places[0].map(whole), start: try places[1].map(whole), stop: try places[2].map(whole),
          state: state, verdict: RecordedVerdict(name: judged.isEmpty ? state : judged),
          reason: [reason, message].compactMap { $0.map { row.fields[$0] } }.filter { !$0.isEmpty }.joined(separator: "; "),
          values: values, texts: texts))
    }
    let arePlausible = blocks.allSatisfy { block in
      zip(block.start, block.stop).allSatisfy { $0 < $1 } && block.index.allSatisfy { (0..<1_000_000).contains($0) }
    }
    guard arePlausible else {
      throw PipelineError("\(path) has a block of no voxels", hint: "run the registration again")
    }
    self.blocks = blocks
    measures = others.map { table.columns[$0] }.filter { name in blocks.contains { $0.values[name] != nil || $0.texts[name] != nil } }
    isJudged = verdict != nil
    coarserCount = coarser
  }

  /// Those to look at first: the gravest verdict, then the lowest metric.
  package var worstFirst: [RecordedBlock] {
    blocks.sorted { one, other in
      let (a, b) = (one.verdict.gravity, other.verdict.gravity)
      if a != b { return a < b }
      let (p, q) = (one.quality ?? .infinity, other.quality ?? .infinity)
      return p != q ? p < q : one.number < other.number
    }
  }

  /// How many blocks have each verdict, the gravest first.
  var counts: [(verdict: RecordedVerdict, count: Int)] {
    Dictionary(grouping: blocks, by: \.verdict).map { ($0.key, $0.value.count) }
      .sorted { ($0.verdict.gravity, $0.verdict.name) < ($1.verdict.gravity, $1.verdict.name) }
  }

  /// The mean of a column over the blocks in which all of `names` were measured; `nil` without such blocks.
  func means(_ names: [String]) -> [Double]? {
    let rows = blocks.filter { block in names.allSatisfy { block.values[$0] != nil } }
    if rows.isEmpty { return nil }
    return names.map { name in rows.map { $0.values[name]! }.reduce(0, +) / Double(rows.count) }
  }
}
