// SPDX-License-Identifier: Apache-2.0

/// One row of `blocks.csv`.
package struct RecordedBlock: Sendable, Encodable {
  /// The block's number in the grid.
  package var number: Int
  /// Its place in the grid, slowest axis first.
  package var index: [Int]
  /// The first voxel of its core, and the one behind the last, in the registered region.
  var start: [Int]
  var stop: [Int]
  /// How it ended.
  var state: String
  /// What is thought of it.
  package var verdict: RecordedVerdict
  /// Why, in words; empty where nobody said.
  package var reason: String
  /// All numbers of the row by the names of their columns; none for an empty field.
  package var values: [String: Double]
  /// Other texts by the names of their columns.
  var texts: [String: String]

  private enum CodingKeys: String, CodingKey { case number, index, start, stop, state, verdict, reason, values, texts }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(number, forKey: .number)
    try container.encode(index, forKey: .index)
    try container.encode(start, forKey: .start)
    try container.encode(stop, forKey: .stop)
    try container.encode(state, forKey: .state)
    try container.encode(verdict.name, forKey: .verdict)
    if !reason.isEmpty { try container.encode(reason, forKey: .reason) }
    try container.encode(values, forKey: .values)
    if !texts.isEmpty { try container.encode(texts, forKey: .texts) }
  }

  /// How well the images agree there at the end, as far as it was measured.
  package var quality: Double? { values["metric_after"] ?? values["metric_before"] }
}
