// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Volumes

/// `plan.json` of an image that is made tile by tile.
struct TileImagePlanFile: TiledPlanFile {
  static let kindName = "tiles"
  static let tileStage = TileImageRun.StageName.filter

  var kind = Self.kindName
  var weft = WeftVersion.current
  var input: InputIdentity
  var options: TileImageOptions
  var tiles: FrozenTiles
  var stages: [StageOutline]

  init(_ run: TileImageRun) {
    input = InputIdentity(run.plan.source.image, withChunks: true)
    options = run.plan.options
    tiles = FrozenTiles(run.plan.grid, memory: run.plan.memory, program: run.plan.description)
    stages = run.outlines
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    let image = try image()
    // What was planned is not asked again: the program starts with its first tile.
    let fitted = tilesForTasks(of: image, options)
    return (
      TileImageRun(try TileImagePlan(image, options, frozen: fitted, progress: progress), folder), options.retries
    )
  }
}

extension TileImageOptions: TiledOptions {
  var whatTilesFollowFrom: TileImageOptions {
    var options = self
    (options.memory, options.threads, options.omeVersion, options.voxelType, options.blendSigma) = (nil, nil, nil, .float32, 0)
    (options.retries, options.executor, options.overwrite) = (0, ExecutorOptions(), false)
    return options
  }
}
