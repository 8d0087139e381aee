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
    tiles = FrozenTiles(run.plan.grid, memory: run.plan.memory, program: run.plan.method.description)
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
  func tiles(for image: StoredImage, _ other: SegmentationOptions) -> FrozenTiles.Fitted? {
    func whatTilesFollowFrom(_ options: SegmentationOptions) -> SegmentationOptions {
      var options = options
      (options.memory, options.threads, options.voxelType, options.omeVersion, options.minimumSize) = (nil, nil, nil, nil, nil)
      (options.retries, options.overwrite) = (0, false)
      return options
    }
    guard InputIdentity(image).difference(from: input) == nil, whatTilesFollowFrom(options) == whatTilesFollowFrom(other) else {
      return nil
    }
    let parameters = stages.first { $0.name == SegmentationRun.StageName.segment }?.parameters ?? [:]
    return tiles.grid(of: image, channels: other.channels, level: other.level, parameters: parameters)
  }

  /// The tiles of this plan for the same run again; where all of them are done, the program is not asked again.
  func tiles(for image: StoredImage, _ other: SegmentationOptions, doneIn folder: RunFolder) -> FrozenTiles.Fitted? {
    let fitted = tiles(for: image, other)
    let name = SegmentationRun.StageName.segment
    guard Journal(folder, stages).entries(of: name).count == stages.first(where: { $0.name == name })?.tasks else { return fitted }
    return fitted?.asked(tiles.program, other.program)
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    let image = try image()
    // What was planned is not asked again: the program starts with its first tile.
    let fitted = tiles(for: image, options)?.asked(tiles.program, options.program)
    let plan = try SegmentationPlan(image, options, frozen: fitted, progress: progress)
    return (try SegmentationRun(plan, target(of: folder), folder), options.retries)
  }
}
