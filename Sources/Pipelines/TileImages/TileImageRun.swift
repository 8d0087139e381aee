// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pyramids
internal import Segmentation
internal import Synchronization
internal import Volumes

/// An image made tile by tile, as stages of tasks over files: statistics → filter → layout → blend → one a pyramid level.
struct TileImageRun: StagedRun {
  enum StageName {
    static let statistics = "statistics"
    static let filter = "filter"
    static let layout = "layout"
    static let blend = "blend"
  }

  let plan: TileImagePlan
  let folder: RunFolder
  let outlines: [StageOutline]

  init(_ plan: TileImagePlan, _ folder: RunFolder) {
    self.plan = plan
    self.folder = folder
    let options = plan.options
    outlines =
      [
        StageOutline(
          StageName.statistics,
          parameters: [
            "version": WeftVersion.current, "input": InputIdentity(plan.source.image).text, "channels": "\(options.channels)",
            "level": "\(options.level)",
          ], tasks: plan.source.times),
        StageOutline(
          StageName.filter,
          parameters: ["tile": plan.grid.core.description, "halo": plan.grid.halo.description].merging(plan.parameters) { $1 },
          tasks: plan.tileCount),
        StageOutline(
          StageName.layout,
          parameters: [
            "blend sigma": "\(options.blendSigma)", "number format": options.voxelType.rawValue,
            "OME version": plan.layout(channels: 1).version.rawValue,
          ], tasks: 1),
        StageOutline(StageName.blend, tasks: nil),
      ]
      + (1..<max(1, plan.layout(channels: 1).factors.count)).map { StageOutline(ImageStages.StageName.pyramid($0), tasks: nil) }
  }

  func stage(_ name: String, journal: Journal) throws -> Stage {
    switch name {
    case StageName.statistics: return statisticsStage()
    case StageName.filter: return filterStage(journal)
    case StageName.layout: return layoutStage(journal)
    case StageName.blend: return try blendStage(journal)
    default:
      for level in 1..<max(1, plan.layout(channels: 1).factors.count) where name == ImageStages.StageName.pyramid(level) {
        return try writer(journal).levelStage(level, width: plan.tilesAtOnce)
      }
      throw outlines.unknown(name)
    }
  }

  private var statistics: StatisticsFiles { StatisticsFiles(folder: folder.stage(StageName.statistics)) }

  private func statisticsStage() -> Stage {
    Stage(StageName.statistics, tasks: .all(plan.source.times), width: 1, isWorthRetrying: ImageStages.isWorthRetrying) { [self] time in
      try statistics.write(plan.source.measured(time, threads: plan.options.askedThreads, memory: plan.options.askedMemory), time)
    }
  }

  private var files: TileImageFiles { TileImageFiles(folder: folder.stage(StageName.filter), grid: plan.grid) }

  /// Has the program make an image of each tile.
  private func filterStage(_ journal: Journal) -> Stage {
    let files = files
    // As many channels of every tile as of the first one that was done, by this process or before.
    let expected = Mutex(journal.entries(of: StageName.filter).min { $0.key < $1.key }.flatMap { Made($0.key, $0.value) })
    return Stage(
      StageName.filter, tasks: .all(plan.tileCount), width: plan.tilesAtOnce,
      isWorthRetrying: { ($0 as? WorkerError).map(\.mayRetry) ?? ImageStages.isWorthRetrying($0) }
    ) { [self] number in
      let (time, block) = (number / plan.grid.count, plan.grid[number % plan.grid.count])
      let context = SegmentationContext(statistics: try statistics.read(time))
      let tile = try plan.source.tile(block, time)
      let made: [VoxelBuffer<Float>]
      do { made = try plan.made(of: tile, block, context) } catch { throw error.inTile(block.index, time: time, of: plan.source.times) }
      let own = Made(tile: number, channels: made.count)
      let first = expected.withLock { expected in
        expected = expected ?? own
        return expected ?? own
      }
      guard first.channels == own.channels else { throw unequal(first, own) }
      return TaskOutcome(result: String(made.count), files: [files.name(number): try files.write(made, number)])
    }
  }

  /// How many channels the program made of a tile.
  private struct Made: Sendable {
    let tile: Int
    let channels: Int

    init(tile: Int, channels: Int) { (self.tile, self.channels) = (tile, channels) }

    init?(_ tile: Int, _ entry: LedgerEntry) {
      guard let channels = Int(entry.outcome.result ?? "") else { return nil }
      self.init(tile: tile, channels: channels)
    }
  }

  private func unequal(_ first: Made, _ other: Made) -> PipelineError {
    PipelineError(
      "the program made \(first.channels) channels of tile \(first.tile), and \(other.channels) of tile \(other.tile)",
      hint: "it has to make as many of every tile; where it is mended now, `weft cancel \(OutputRun.outputPath(of: folder.url)) --clean` "
        + "drops the tiles that it made before")
  }

  /// How many channels the program makes.
  private func channels(_ journal: Journal) throws -> Int {
    let made = journal.entries(of: StageName.filter).sorted { $0.key < $1.key }.compactMap { Made($0.key, $0.value) }
    guard let first = made.first else { throw RunError("the stage `filter` comes first, and is not done", hint: "run it first") }
    // Of several processes, each has seen its own tiles alone.
    if let other = made.first(where: { $0.channels != first.channels }) { throw unequal(first, other) }
    return first.channels
  }

  private func writer(_ journal: Journal, isShared: Bool = true) throws -> PyramidWriter {
    try PyramidWriter.begin(
      plan.layout(channels: channels(journal)), at: folder.stage(StageName.layout).appendingPathComponent("image").path, token: "run",
      isShared: isShared)
  }

  /// Where the image lies when all is done, inside the run folder.
  static let place = "\(StageName.layout)/.image.partial-run"

  /// Makes the arrays that the image is written to: one process does, before others write to them.
  private func layoutStage(_ journal: Journal) -> Stage {
    let place = folder.url.appendingPathComponent(Self.place).path
    return Stage(
      StageName.layout, tasks: .all(1), width: 1, isExclusive: true, isPresent: { _, _ in FileManager.default.fileExists(atPath: place) },
      isWorthRetrying: ImageStages.isWorthRetrying
    ) { [self] _ in
      _ = try writer(journal, isShared: false)
      return TaskOutcome()
    }
  }

  /// Writes the metadata that make the chunks an image.
  func complete() throws { try writer(Journal(folder, outlines)).writeMetadata() }

  /// Blends what was made of the tiles.
  private func blendStage(_ journal: Journal) throws -> Stage {
    let writer = try writer(journal)
    let array = writer.levels[0].array
    let size = plan.layout(channels: 1).taskSize(level: 0).lengths.suffix(plan.source.volume.rank)
    let boxes = plan.source.volume.extent.box.tiles(of: Extent(Array(size)))
    let channels = try channels(journal)
    let hasTime = !plan.source.timeAxis.isEmpty
    @Sendable func leading(_ time: Int, _ channel: Int) -> [Int] { (hasTime ? [time] : []) + (channels > 1 ? [channel] : []) }
    @Sendable func stored(_ task: Int) -> Int {
      (0..<channels).reduce(0) { sum, channel in
        let (place, box) = (leading(task / boxes.count, channel), boxes[task % boxes.count])
        return sum + array.storedChunkCount(in: Box(lower: place + box.lower, upper: place.map { $0 + 1 } + box.upper))
      }
    }
    let type = plan.options.voxelType
    let blender = TileImageBlender(files: files, window: plan.window)
    return Stage(
      StageName.blend, tasks: .all(plan.source.times * boxes.count), width: plan.tilesAtOnce,
      isPresent: { task, outcome in ChangedVoxels.result(outcome.result) == String(stored(task)) }
    ) { task in
      let (time, box) = (task / boxes.count, boxes[task % boxes.count])
      var changed = ChangedVoxels(type)
      for channel in 0..<channels {
        let blended = try blender.blended(box, time: time, channel: channel)
        changed.add(blended)
        let place = leading(time, channel)
        try writer.write(blended.reshaped(to: Extent(place.map { _ in 1 } + box.extent.lengths)), at: place + box.lower)
      }
      return TaskOutcome(result: String(stored(task)) + changed.suffix)
    }
  }

  /// What of the program's voxels the number format does not hold, over all that is blended.
  func changedVoxels() -> ChangedVoxels {
    var changed = ChangedVoxels(plan.options.voxelType)
    for entry in Journal(folder, outlines).entries(of: StageName.blend).values { changed.add(result: entry.outcome.result) }
    return changed
  }
}
