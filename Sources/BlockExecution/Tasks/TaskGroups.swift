// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Tasks of one stage in groups, one group a process: `<stage>/round<k>.json`.
package struct TaskGroups: Sendable, Codable, Equatable {
  /// Which attempt at the stage this is, from 0.
  package var round: Int
  /// Task numbers, group by group.
  package var groups: [[Int]]

  /// Tasks in groups of at most `size`.
  package init(round: Int, tasks: [Int], size: Int) {
    self.round = round
    groups = stride(from: 0, to: tasks.count, by: max(1, size)).map { Array(tasks[$0..<min($0 + max(1, size), tasks.count)]) }
  }

  /// Writes the list beside the stage's ledgers.
  ///
  /// - Returns: the file.
  package func write(to folder: RunFolder, stage: String) throws -> URL {
    let url = folder.stage(stage).appendingPathComponent("round\(round).json")
    try RunFolder.encoder.encode(self).write(to: url, options: .atomic)
    return url
  }

  /// Reads a list.
  ///
  /// - Throws: `RunError` where the file cannot be read or holds no groups.
  package static func read(_ url: URL) throws -> TaskGroups {
    do { return try RunFolder.decoder.decode(TaskGroups.self, from: Data(contentsOf: url)) } catch {
      throw RunError(
        "\(url.path) is no list of task groups: \(RunError.reason(error))", hint: "`weft plan export` and the executors write such lists")
    }
  }
}
