// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Volumes

/// `plan.json` of an image that is made tile by tile.
struct TileImagePlanFile: PlanFile {
  static let kindName = "tiles"

  var kind = Self.kindName
  var weft = WeftVersion.current
  var input: InputIdentity
  var options: TileImageOptions
  var tiles: FrozenTiles
  var stages: [StageOutline]

  init(_ run: TileImageRun) {
    input = InputIdentity(run.plan.source.image)
    options = run.plan.options
    tiles = FrozenTiles(run.plan.grid, memory: run.plan.memory, program: run.plan.description)
    stages = run.outlines
  }

  /// What differs from an earlier plan's input, in words; `nil` where nothing does.
  func difference(from earlier: TileImagePlanFile) -> String? { input.difference(from: earlier.input) }

  /// The image that is planned for.
  func image() throws -> StoredImage { try StoredImage.open(input.path, axes: input.axes, spacing: input.spacing) }

  /// The tiles of this plan, where they are those of the same image with options from which the same tiles follow.
  func tiles(for image: StoredImage, _ other: TileImageOptions) -> FrozenTiles.Fitted? {
    func whatTilesFollowFrom(_ options: TileImageOptions) -> TileImageOptions {
      var options = options
      (options.memory, options.threads, options.omeVersion, options.voxelType, options.blendSigma) = (nil, nil, nil, .float32, 0)
      (options.retries, options.overwrite) = (0, false)
      return options
    }
    guard InputIdentity(image).difference(from: input) == nil, whatTilesFollowFrom(options) == whatTilesFollowFrom(other) else {
      return nil
    }
    let parameters = stages.first { $0.name == TileImageRun.StageName.filter }?.parameters ?? [:]
    return tiles.grid(of: image, channels: other.channels, level: other.level, parameters: parameters)
  }

  /// The tiles of this plan for the same run again; where all of them are done, the program is not asked again.
  func tiles(for image: StoredImage, _ other: TileImageOptions, doneIn folder: RunFolder) -> FrozenTiles.Fitted? {
    let fitted = tiles(for: image, other)
    let name = TileImageRun.StageName.filter
    guard Journal(folder, stages).entries(of: name).count == stages.first(where: { $0.name == name })?.tasks else { return fitted }
    return fitted?.asked(tiles.program, other.program)
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    let image = try image()
    // What was planned is not asked again: the program starts with its first tile.
    let fitted = tiles(for: image, options)?.asked(tiles.program, options.program)
    return (
      TileImageRun(try TileImagePlan(image, options, frozen: fitted, progress: progress), folder), options.retries
    )
  }
}
