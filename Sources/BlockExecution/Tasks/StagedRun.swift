// SPDX-License-Identifier: Apache-2.0

/// A run as a list of stages, each a list of tasks over files: what every executor runs.
package protocol StagedRun: Sendable {
  /// The stages in their order, as the plan fixes them.
  var outlines: [StageOutline] { get }

  /// A stage, ready to run; all earlier ones are done.
  ///
  /// - Throws: where what earlier stages wrote cannot be read.
  func stage(_ name: String, journal: Journal) throws -> Stage
}
