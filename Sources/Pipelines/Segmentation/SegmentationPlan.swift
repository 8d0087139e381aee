// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Pyramids
internal import Segmentation
internal import Volumes

/// How an image is segmented: everything that is decided before a voxel is read.
struct SegmentationPlan {
  let source: TiledImage
  let options: SegmentationOptions
  /// The diameter in voxels of that level.
  let diameter: [Double]?
  let method: ReadyMethod
  let rule: MergeRule
  let tiling: TileSizing

  /// What the program's tiles were measured to take; `nil` where there is none, or it was not measured.
  let memory: ProbedMemory?

  /// - Parameters:
  ///   - frozen: the tiles of a run that is gone on with.
  ///   - isForOneTile: whether one tile at a time is worked on, of a shape that is given: what it takes need not be known.
  /// - Throws: `PipelineError` where options and image do not fit.
  init(
    _ image: StoredImage, _ options: SegmentationOptions, frozen: FrozenTiles.Fitted? = nil, isForOneTile: Bool = false,
    progress: any ProgressReporter
  ) throws {
    self.options = options
    source = try TiledImage(image, channels: options.channels, level: options.level)
    source.report(to: progress)
    let volume = source.volume
    // Asked before the program is started, which takes some of it.
    let graphics =
      options.program.usesGPU && frozen == nil && options.tileShape == nil ? GraphicsMemory.available(progress: progress) : nil
    diameter = try options.diameter?.voxels(in: volume.space, of: image.path)
    try Self.check(diameter, options, in: volume)
    if frozen?.program == nil, let program = options.startedProgram { progress.report(.note("starting \(program) …")) }
    method = try ReadyMethod(options, diameter: diameter, rank: volume.rank, known: frozen?.program)
    var requirements = method.requirements
    try source.check(requirements, of: "the method `\(options.method.rawValue)`", way: "choose another --method or --model")
    if let type = options.voxelType, ![.uint16, .uint32, .uint64].contains(type) {
      throw PipelineError("labels are not written as \(type.rawValue)", hint: "choose uint16, uint32 or uint64")
    }
    rule = options.resolvedMerge
    // Before anything is read.
    let resident = try MemoryModel.residentBytes(of: [volume], within: options.budget)
    let known = frozen?.memory(for: method.parameters)
    if let workers = method.workers, known == nil, !isForOneTile || options.tileShape == nil {
      let segmenter = method.segmenter
      memory = try ProbedMemory(
        source, stride: requirements.stride(rank: volume.rank), shape: options.tileShape, workers: workers, progress: progress
      ) {
        _ = try segmenter.segment($0, $1)
      }
    } else {
      memory = known
    }
    requirements = requirements.with(memory)
    var request = TileRequest(
      image: image.path, shape: options.tileShape, overlap: options.overlap, needsHalo: options.method != .threshold || rule != .face,
      threads: options.askedThreads, memory: options.askedMemory)
    request.graphics = memory?.graphics(within: graphics, progress: progress)
    tiling = try TileSizing(
      extent: volume.extent, requirements: requirements, diameter: diameter, channels: options.channels.count, request: request,
      resident: resident, frozen: frozen?.grid)
  }

  /// - Throws: `PipelineError` where objects would be larger than the image, as where a length has the wrong unit.
  private static func check(_ diameter: [Double]?, _ options: SegmentationOptions, in volume: LazyVolume) throws {
    guard let diameter else { return }
    let isLonger = zip(diameter, volume.extent.lengths).allSatisfy { $0 > Double($1) }
    guard isLonger || diameter.contains(where: { $0 > 1e9 }) else { return }
    let voxels = diameter.map { String(format: "%.4g", $0) }.joined(separator: "×")
    throw PipelineError(
      "a diameter of \(options.diameter?.description ?? voxels) is \(voxels) voxels of \(volume.space.spacing)\(volume.space.unit.map { " \($0.name)" } ?? ""), "
        + "more than \(volume.name) has: \(volume.extent)",
      hint: "give the diameter of an object, in voxels or with its unit, as 8um")
  }

  /// Tells what runs, and in which tiles.
  func report(to progress: any ProgressReporter) {
    if let text = method.programText { progress.report(.note("\(options.method.rawValue): \(text)")) }
    progress.report(.note(tiling.text))
    if let warning = tiling.warning { progress.report(.warning(warning)) }
  }

  var image: StoredImage { source.image }

  var grid: BlockGrid { tiling.grid }

  /// Voxels an axis that tiles read beyond their halo, whose labels are dropped.
  var margin: [Int] { tiling.margin }

  /// How many tiles are worked on at once.
  var tilesAtOnce: Int { tiling.tilesAtOnce }

  /// The level that is segmented.
  var volume: LazyVolume { source.volume }

  /// How many times there are, each of them segmented by itself.
  var times: Int { source.times }

  /// How many tiles there are in all.
  var tileCount: Int { times * grid.count }

  /// The time and the block of a tile.
  func place(_ tile: Int) -> (time: Int, block: Block) { (tile / grid.count, grid[tile % grid.count]) }

  /// A tile with its halo, and the margin around it.
  func tile(_ block: Block, _ time: Int) throws -> SegmentationTile { try source.tile(block, time, margin: margin) }

  /// What the method finds in a tile; in the halo, not in the margin.
  ///
  /// - Throws: `SegmentationError` where what it returns is no segmentation of the tile.
  func labels(of tile: SegmentationTile, _ block: Block, _ context: SegmentationContext) throws -> TileLabels {
    if isNothing(tile, context) { return TileLabels(compacting: VoxelBuffer(extent: block.extended.extent)) }
    let found: VoxelBuffer<UInt32>
    do {
      found = try method.segmenter.segment(tile, context)
    } catch let error as WorkerError {
      let stride = method.requirements.stride(rank: tile.extent.rank)
      throw error.ofTile(core: block.core.extent, read: tile.extent, stride: stride, isPlanned: true)
    }
    guard found.extent == tile.extent else {
      throw SegmentationError(
        "the method `\(options.method.rawValue)` returned labels of \(found.extent) for a tile of \(tile.extent)",
        hint: "it has to label every voxel of the tile")
    }
    let isWhole = tile.box == block.extended
    return TileLabels(compacting: isWhole ? found : found.cropped(to: block.extended.relative(to: tile.box.lower)))
  }

  /// Whether a tile is as dark as the darkest of the image everywhere: networks find things in tiles of nothing. A user's own program is asked.
  private func isNothing(_ tile: SegmentationTile, _ context: SegmentationContext) -> Bool {
    guard [.cellpose, .stardist].contains(options.method), !context.statistics.isEmpty else { return false }
    return zip(tile.channels, context.statistics).allSatisfy { channel, statistics in
      let value = channel.elements[0]
      return Double(value) <= statistics.percentile(1) && channel.elements.allSatisfy { $0 == value }
    }
  }

  /// The intensities of the chosen channels at a time, measured.
  func measuredContext(_ time: Int) throws -> SegmentationContext {
    guard options.needsStatistics else { return SegmentationContext(statistics: []) }
    return SegmentationContext(statistics: try source.measured(time, threads: options.askedThreads, memory: options.askedMemory))
  }

  /// What the labels look like, whatever their number format.
  func layout(_ type: VoxelType, _ target: LabelTarget) -> PyramidLayout {
    var layout = PyramidLayout(extent: volume.extent, voxelType: type, space: volume.space)
    layout.leadingAxes = source.timeAxis
    layout.version = target.group?.version ?? options.omeVersion ?? OMEVersion(ofFormat: image.format)
    // The same chunks whatever the number format: they are chosen before the objects are counted.
    layout.chunk = PyramidLayout.standardChunk(rank: volume.rank, .uint32)
    let levels = image.levels.count - options.level
    layout.levelCount = target.group?.levelCount ?? (levels > 1 ? levels : nil)
    layout.downsampling = .mode
    layout.isLabels = true
    layout.labelledImage = target.group == nil ? nil : "../../"
    return layout
  }
}
