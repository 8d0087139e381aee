// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Volumes

/// `plan.json` of a segmentation.
struct SegmentationPlanFile: PlanFile {
  static let kindName = "segment"

  var kind = Self.kindName
  var weft = WeftVersion.current
  var input: InputIdentity
  var options: SegmentationOptions
  /// Whether the labels are put into an image.
  var isIntoImage: Bool
  var tiles: FrozenTiles
  var stages: [StageOutline]

  init(_ run: SegmentationRun) {
    input = InputIdentity(run.plan.image)
    options = run.plan.options
    isIntoImage = run.target.group != nil
    tiles = FrozenTiles(run.plan.grid)
    stages = run.outlines
  }

  /// What differs from an earlier plan's input, in words; `nil` where nothing does.
  func difference(from earlier: SegmentationPlanFile) -> String? { input.difference(from: earlier.input) }

  /// Where the labels go.
  func target(of folder: RunFolder) throws -> LabelTarget {
    let output = URL(fileURLWithPath: OutputRun.outputPath(of: folder.url))
    guard isIntoImage else { return try LabelTarget(output.path) }
    return try LabelTarget(
      into: output.deletingLastPathComponent().deletingLastPathComponent().path, name: output.lastPathComponent)
  }

  /// The image that is planned for.
  func image() throws -> StoredImage { try StoredImage.open(input.path, axes: input.axes, spacing: input.spacing) }

  /// The tiles of this plan, where they are those of the same image with options from which the same tiles follow.
  func tiles(for image: StoredImage, _ other: SegmentationOptions) -> BlockGrid? {
    func whatTilesFollowFrom(_ options: SegmentationOptions) -> SegmentationOptions {
      var options = options
      (options.memory, options.threads, options.voxelType, options.omeVersion, options.minimumSize) = (nil, nil, nil, nil, nil)
      (options.retries, options.overwrite) = (0, false)
      return options
    }
    guard InputIdentity(image).difference(from: input) == nil, whatTilesFollowFrom(options) == whatTilesFollowFrom(other) else {
      return nil
    }
    return tiles.grid(of: image, channels: other.channels, level: other.level)
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    let image = try image()
    let plan = try SegmentationPlan(image, options, frozen: tiles(for: image, options), progress: progress)
    return (try SegmentationRun(plan, target(of: folder), folder), options.retries)
  }
}
