// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Tasks of one stage in groups, one group a process: `<stage>/round<k>.json`.
package struct TaskGroups: Sendable, Codable, Equatable {
  /// Which attempt at the stage this is, from 0.
  package var round: Int
  /// Task numbers, group by group.
  package var groups: [[Int]]

  package init(round: Int, groups: [[Int]]) {
    self.round = round
    self.groups = groups
  }

  /// Reads a list.
  ///
  /// - Throws: `RunError` where the file cannot be read or holds no groups.
  package static func read(_ url: URL) throws -> TaskGroups {
    do { return try RunFolder.decoder.decode(TaskGroups.self, from: Data(contentsOf: url)) } catch {
      throw RunError(
        "\(url.path) is no list of task groups: \(RunError.reason(error))",
        hint: "it has to look as {\"round\": 0, \"groups\": [[0, 1], [2]]}")
    }
  }
}
