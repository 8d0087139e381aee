// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// `plan.json` of a refinement. What it refines lies in the output folder around it.
struct RefinementPlanFile: PlanFile {
  static let kindName = "refine"

  var kind = Self.kindName
  var weft = WeftVersion.current
  /// The blocks as they were asked for.
  var selection: String
  var blocks: [Int]
  var options: RefinementOptions
  var stages: [StageOutline]

  /// - Parameter withChunks: whether the chunk files of the inputs are compared with what they were, too.
  /// - Throws: where what it refines cannot be opened any more.
  func refinementRun(
    in folder: RunFolder, _ options: RefinementOptions, withChunks: Bool = false, _ progress: any ProgressReporter
  ) throws -> RegistrationRun {
    let kept = try KeptRun(folder.url.deletingLastPathComponent())
    return try RegistrationRun(
      kept.registration(options, withChunks: withChunks, progress), folder,
      part: .refinement(Refinement(kept: kept, blocks: blocks, options: options)))
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    return (try refinementRun(in: folder, options, progress), options.retries)
  }
}
