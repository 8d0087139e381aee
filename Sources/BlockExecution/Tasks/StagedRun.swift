// SPDX-License-Identifier: Apache-2.0

/// A run as a list of stages, each a list of tasks over files: what every executor runs.
package protocol StagedRun: Sendable {
  /// The stages in their order, as the plan fixes them.
  var outlines: [StageOutline] { get }

  /// Makes what has to be there before the first task: folders, and the metadata of arrays.
  ///
  /// - Returns: for each stage whose earlier results do not hold any more, what changed.
  func prepare(_ folder: RunFolder) throws -> [(stage: String, changes: [String])]

  /// A stage, ready to run; all earlier ones are done.
  ///
  /// - Throws: where what earlier stages wrote cannot be read.
  func stage(_ name: String, journal: Journal) throws -> Stage
}

extension StagedRun {
  package func prepare(_ folder: RunFolder) throws -> [(stage: String, changes: [String])] { try folder.adopt(outlines) }
}
