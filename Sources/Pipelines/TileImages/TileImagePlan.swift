// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Pyramids
internal import Segmentation
internal import Volumes

/// How an image is made of another: everything that is decided before a voxel is read.
struct TileImagePlan {
  let source: TiledImage
  let options: TileImageOptions
  let filter: WorkerFilter
  let programText: String
  /// All that the program says of itself.
  let description: WorkerDescription
  /// What the results depend on beside the image and the tiles.
  let parameters: [String: String]
  let grid: BlockGrid
  /// How many tiles are worked on at once.
  let tilesAtOnce: Int
  /// What a tile takes, in words.
  let memoryText: String
  /// What the user should know of the tiles; `nil` for nothing.
  let tileWarning: String?
  /// Voxels an axis that the program looks around.
  let receptiveField: [Int]
  /// Voxels an axis to whose multiples tiles begin.
  let stride: [Int]

  /// What the program's tiles were measured to take.
  let memory: ProbedMemory

  /// - Parameter frozen: the tiles of a run that is gone on with.
  /// - Throws: `PipelineError` where options and image do not fit; `WorkerError` where the program cannot be started.
  init(_ image: StoredImage, _ options: TileImageOptions, frozen: FrozenTiles.Fitted? = nil, progress: any ProgressReporter) throws {
    self.options = options
    source = try TiledImage(image, channels: options.channels, level: options.level)
    guard let command = options.program.command else {
      throw PipelineError("no program is named", hint: "name it, as --command 'python my.py'")
    }
    // Asked before the program is started, which takes some of it.
    let graphics =
      options.program.usesGPU && frozen == nil && options.tileShape == nil ? GraphicsMemory.available(progress: progress) : nil
    filter = WorkerFilter(
      command: command, options: try options.program.workerOptions(rank: source.volume.rank, threads: options.askedThreads))
    filter.workers.expect(frozen?.program)
    source.report(to: progress)
    if frozen?.program == nil { progress.report(.note("starting `\(command)` …")) }
    let said = try filter.describe()
    description = said
    try source.check(said.requirements, of: "`\(command)`", way: "choose another program, or a plane or volume that it takes")
    programText = said.text
    parameters = options.program.parameters(said).merging(["command": command]) { $1 }
    var requirements = said.requirements
    stride = requirements.stride(rank: source.volume.rank)
    // Before anything is read.
    let resident = try MemoryModel.residentBytes(of: [source.volume], within: options.budget)
    if let known = frozen?.memory(for: parameters) {
      memory = known
    } else {
      let filter = filter
      memory = try ProbedMemory(source, stride: stride, shape: options.tileShape, workers: filter.workers, progress: progress) {
        _ = try filter.apply($0, $1)
      }
    }
    requirements = requirements.with(memory)
    var request = TileRequest(
      image: image.path, shape: options.tileShape, overlap: options.overlap, fields: 2, threads: options.askedThreads,
      memory: options.askedMemory)
    request.graphics = memory.graphics(within: graphics, progress: progress)
    let tiling = try TileSizing(
      extent: source.volume.extent, requirements: requirements, diameter: nil, channels: options.channels.count, request: request,
      resident: resident, frozen: frozen?.grid)
    (grid, tilesAtOnce, memoryText, tileWarning) = (tiling.grid, tiling.tilesAtOnce, tiling.text, tiling.warning)
    receptiveField = requirements.receptiveField.isEmpty ? [Int](repeating: 0, count: grid.rank) : requirements.receptiveField
  }

  /// Where tiles pass into each other: as far from their borders as the program looks around, what it made is what it would make in one piece.
  var window: BlendWindow {
    let halo = zip(grid.halo.lengths, receptiveField).map { max(0, $0 - $1) }
    return BlendWindow(grid: BlockGrid(extent: grid.extent, core: grid.core, halo: Extent(halo)), sigma: options.blendSigma)
  }

  /// What the program makes of a tile.
  func made(of tile: SegmentationTile, _ block: Block, _ context: SegmentationContext) throws -> [VoxelBuffer<Float>] {
    do {
      return try filter.apply(tile, context)
    } catch let error as WorkerError {
      throw error.ofTile(core: block.core.extent, read: tile.extent, stride: stride, isPlanned: true)
    }
  }

  /// How many tiles there are in all.
  var tileCount: Int { source.times * grid.count }

  /// What is written, with so many channels.
  func layout(channels: Int) -> PyramidLayout {
    var layout = PyramidLayout(extent: source.volume.extent, voxelType: options.voxelType, space: source.volume.space)
    layout.leadingAxes = source.timeAxis
    if channels > 1 { layout.leadingAxes.append(.init(Axis(name: "c"), length: channels)) }
    layout.version = options.omeVersion ?? OMEVersion(ofFormat: source.image.format)
    layout.chunk = PyramidLayout.standardChunk(rank: source.volume.rank, .uint32)
    let levels = source.image.levels.count - options.level
    layout.levelCount = levels > 1 ? levels : nil
    return layout
  }
}
