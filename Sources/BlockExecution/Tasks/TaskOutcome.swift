// SPDX-License-Identifier: Apache-2.0

/// What a task that is done has to say: kept in the ledger, so that later stages and `status` know it without the task's output.
package struct TaskOutcome: Sendable, Hashable, Codable {
  /// In one word, how it ended, for counting (`registered`, `background`, …).
  package var state: String?
  /// What later stages need, as the stage writes it (JSON).
  package var result: String?
  /// The files that it wrote, relative to the stage's folder, with their bytes.
  package var files: [String: Int]?

  /// Whether it only stands in for a task that kept failing.
  package var isStandIn: Bool?

  /// An outcome.
  package init(state: String? = nil, result: String? = nil, files: [String: Int]? = nil) {
    self.state = state
    self.result = result
    self.files = files
  }
}
