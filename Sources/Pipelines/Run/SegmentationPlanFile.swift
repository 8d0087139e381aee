// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Volumes

/// `plan.json` of a segmentation.
struct SegmentationPlanFile: TiledPlanFile {
  static let kindName = "segment"
  static let tileStage = SegmentationRun.StageName.segment

  var kind = Self.kindName
  var weft = WeftVersion.current
  var input: InputIdentity
  var options: SegmentationOptions
  /// Whether the labels are put into an image.
  var isIntoImage: Bool
  var tiles: FrozenTiles
  var stages: [StageOutline]

  init(_ run: SegmentationRun) {
    input = InputIdentity(run.plan.image, withChunks: true)
    options = run.plan.options
    isIntoImage = run.target.group != nil
    tiles = FrozenTiles(run.plan.grid, memory: run.plan.memory, program: run.plan.method.description)
    stages = run.outlines
  }

  /// Where the labels go.
  func target(of folder: RunFolder) throws -> LabelTarget {
    let output = URL(fileURLWithPath: OutputRun.outputPath(of: folder.url))
    guard isIntoImage else { return try LabelTarget(output.path) }
    return try LabelTarget(
      into: output.deletingLastPathComponent().deletingLastPathComponent().path, name: output.lastPathComponent)
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    let image = try image()
    // What was planned is not asked again: the program starts with its first tile.
    let fitted = tilesForTasks(of: image, options)
    let plan = try SegmentationPlan(image, options, frozen: fitted, progress: progress)
    return (try SegmentationRun(plan, target(of: folder), folder), options.retries)
  }
}

extension SegmentationOptions: TiledOptions {
  var whatTilesFollowFrom: SegmentationOptions {
    var options = self
    (options.memory, options.threads, options.voxelType, options.omeVersion, options.minimumSize) = (nil, nil, nil, nil, nil)
    (options.retries, options.executor, options.overwrite) = (0, ExecutorOptions(), false)
    return options
  }
}
