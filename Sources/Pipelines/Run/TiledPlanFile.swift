// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Volumes

/// `plan.json` of a run that works on an image tile by tile.
protocol TiledPlanFile: PlanFile {
  associatedtype Options: TiledOptions

  /// The stage that works on the tiles.
  static var tileStage: String { get }
  var input: InputIdentity { get }
  var options: Options { get }
  var tiles: FrozenTiles { get }
}

/// Options from which tiles follow.
protocol TiledOptions: Equatable {
  var channels: [Int] { get }
  var level: Int { get }
  var program: ProgramOptions { get }
  /// The same with all that the tiles do not depend on as it is at first.
  var whatTilesFollowFrom: Self { get }
}

extension TiledPlanFile {
  /// What differs from an earlier plan's input, in words; `nil` where nothing does.
  func difference(from earlier: Self) -> String? { input.difference(from: earlier.input) }

  /// The image that is planned for.
  func image() throws -> StoredImage { try StoredImage.open(input.path, axes: input.axes, spacing: input.spacing) }

  /// The tiles of this plan, where they are those of the same image with options from which the same tiles follow.
  private func tiles(for image: StoredImage, _ other: Options) -> FrozenTiles.Fitted? {
    guard InputIdentity(image).difference(from: input) == nil, options.whatTilesFollowFrom == other.whatTilesFollowFrom else { return nil }
    let parameters = stages.first { $0.name == Self.tileStage }?.parameters ?? [:]
    return tiles.grid(of: image, channels: other.channels, level: other.level, parameters: parameters)
  }

  /// The tiles of this plan for the same run again; where all of them are done, the program is not asked again.
  func tiles(for image: StoredImage, _ other: Options, doneIn folder: RunFolder) -> FrozenTiles.Fitted? {
    let fitted = tiles(for: image, other)
    let count = stages.first { $0.name == Self.tileStage }?.tasks
    return Journal(folder, stages).entries(of: Self.tileStage).count == count ? fitted?.asked(tiles.program, other.program) : fitted
  }

  /// The tiles of this plan for tasks of it: the program starts with its first tile.
  func tilesForTasks(of image: StoredImage, _ other: Options) -> FrozenTiles.Fitted? {
    tiles(for: image, other)?.asked(tiles.program, other.program)
  }
}
