// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pyramids
internal import Volumes

/// How an image is written anew: everything that is decided before a voxel is read.
struct ConversionPlan {
  let image: StoredImage
  let options: ConversionOptions
  /// The name of the image that is written.
  let name: String
  let format: OutputFormat
  /// The channels that are kept.
  let channels: [Int]
  /// The voxels of the finest level that are kept.
  let region: Box
  let layout: PyramidLayout
  /// How many boxes are worked on at once.
  let boxesAtOnce: Int

  /// The most bytes of a box that is copied at once: so much where the chunks of the input are long, else less.
  private static let largestBox = 128 << 20

  /// - Throws: `PipelineError` where options and image do not fit, or not one box fits the memory.
  init(_ image: StoredImage, _ options: ConversionOptions, _ output: String) throws {
    self.image = image
    self.options = options
    name = URL(fileURLWithPath: output).standardizedFileURL.lastPathComponent
    format = try options.format ?? OutputFormat(ofName: name)
    channels = options.channels ?? Array(0..<image.channelCount)
    guard !channels.isEmpty, Set(channels).count == channels.count else {
      throw PipelineError("--channels \(channels) names no channel, or one twice", hint: "give each channel once, as 0,1")
    }
    var finest = try image.volumes(channel: channels[0]).finest
    for channel in channels { _ = try image.volumes(channel: channel) }
    region = try Self.region(options.region, of: finest)
    finest = finest.cropped(to: region)
    layout = try Self.layout(finest, image, channels, options, format)
    if format != .zarr { try Self.refuseZarrOptions(options, format) }

    let memory = options.budget
    let resident = try MemoryModel.residentBytes(of: [finest], within: memory)
    let one = Self.bytes(layout, source: image.levels[0].source)
    let need = MemoryModel.base + resident + one
    guard need <= memory.bytes else {
      throw PipelineError(
        "--memory \(memory) is too little: a box takes \(MemoryBudget.describe(one)), and \(MemoryBudget.describe(need)) in all",
        hint: layout.shard == nil ? "give more memory, or choose smaller --chunks" : "give more memory, or choose smaller --shards")
    }
    boxesAtOnce = max(1, min(options.threadCount, (memory.bytes - MemoryModel.base - resident) / one))
  }

  private static func region(_ ranges: [Range<Int>]?, of volume: LazyVolume) throws -> Box {
    guard let ranges else { return volume.extent.box }
    let box = Box(lower: ranges.map(\.lowerBound), upper: ranges.map(\.upperBound))
    guard box.rank == volume.rank, volume.extent.box.contains(box) else {
      throw PipelineError(
        "--region \(ranges.map { "\($0.lowerBound):\($0.upperBound)" }.joined(separator: ",")) does not lie inside \(volume.name) of "
          + "\(volume.extent) voxels", hint: "give a range for each axis within it")
    }
    return box
  }

  private static func layout(
    _ finest: LazyVolume, _ image: StoredImage, _ channels: [Int], _ options: ConversionOptions, _ format: OutputFormat
  ) throws -> PyramidLayout {
    func lengths(_ lengths: [Int]?, _ option: String) throws -> Extent? {
      guard let lengths else { return nil }
      guard lengths.count == 1 || lengths.count == finest.rank else {
        throw PipelineError(
          "\(option) \(lengths.map(String.init).joined(separator: ",")) does not fit \(image.path), which has \(finest.rank) spatial axes",
          hint: "give one number, or \(finest.rank) of them")
      }
      return Extent(lengths.count == 1 ? [Int](repeating: lengths[0], count: finest.rank) : lengths)
    }
    var layout = PyramidLayout(extent: finest.extent, voxelType: options.voxelType ?? image.voxelType, space: finest.space)
    // Time comes before channels: https://ngff.openmicroscopy.org/0.5/index.html#multiscales-metadata
    layout.leadingAxes =
      image.axes.filter { $0.kind == .time }.map { .init($0, length: image.timeCount) }
      + image.axes.filter { $0.kind == .channel }.map { .init($0, length: channels.count) }
    let isLabels = OMEImage.isLabels(image.path)
    layout.version = options.omeVersion ?? (options.shard == nil ? OMEVersion(ofFormat: image.format) : .v05)
    layout.chunk = try lengths(options.chunk, "--chunks")
    layout.shard = try lengths(options.shard, "--shards")
    if let shard = layout.shard, layout.version == .v04 {
      throw PipelineError(
        "--shards \(shard) need OME-Zarr 0.5, and --ome-version is \(layout.version.rawValue)",
        hint: "write version 0.5, or leave --shards out")
    }
    layout.compression = try options.compression.map(Compression.init(parsing:))
    layout.levelCount = options.levelCount
    layout.downsampling = options.method ?? (isLabels ? .mode : .mean)
    layout.isLabels = isLabels
    let shown = OMEImage.channels(of: image.path)
    if shown.count == image.channelCount { layout.channels = channels.map { shown[$0] } }
    return layout
  }

  private static func refuseZarrOptions(_ options: ConversionOptions, _ format: OutputFormat) throws {
    let given = [
      ("--chunks", options.chunk != nil), ("--shards", options.shard != nil), ("--compressor", options.compression != nil),
      ("--levels", options.levelCount != nil), ("--method", options.method != nil), ("--ome-version", options.omeVersion != nil),
    ].filter(\.1).map(\.0)
    guard given.isEmpty else {
      throw PipelineError(
        "\(given.joined(separator: ", ")) \(given.count == 1 ? "is" : "are") for OME-Zarr, and the result is \(format.rawValue)",
        hint: "leave \(given.count == 1 ? "it" : "them") out, or end the output in .ome.zarr")
    }
  }

  /// What one box takes while it is copied, or a level made: what is read and its chunk, the box, a file of it.
  private static func bytes(_ layout: PyramidLayout, source: any VoxelSource) -> Int {
    let box = copySize(layout, source).count * (layout.voxelType.size + source.voxelType.size)
    let file = (layout.shard(level: 0) ?? layout.chunk(level: 0)).count * layout.voxelType.size
    let chunk = min(source.chunk.count, source.extent.count) * source.voxelType.size
    // A level: four million voxels of the finer one, their sums, and a file.
    let level = (4 << 20) * (layout.voxelType.size + 3) + 2 * file
    return max(box + 2 * chunk + 2 * file, level)
  }

  /// Voxels along all axes of the boxes that are copied: whole files, and as long along an axis as the chunks of the input.
  static func copySize(_ layout: PyramidLayout, _ source: any VoxelSource) -> Extent {
    let whole = layout.fullExtent
    var size = layout.taskSize(level: 0).lengths
    let leading = layout.leadingAxes.count
    let chunk = source.chunk.lengths.suffix(layout.extent.rank)
    for (axis, wanted) in zip(leading..<whole.rank, chunk).reversed() {
      let files = (min(wanted, whole[axis]) + size[axis] - 1) / size[axis]
      let others = size.reduce(1, *) / size[axis]
      let affordable = max(1, largestBox / (layout.voxelType.size * others * size[axis]))
      size[axis] *= min(files, affordable)
    }
    return Extent(size)
  }

  /// A channel at a time, as far as it is kept.
  func volume(channel: Int, time: Int) throws -> LazyVolume {
    try image.volumes(channel: channels[channel], time: time).finest.cropped(to: region)
  }
}
