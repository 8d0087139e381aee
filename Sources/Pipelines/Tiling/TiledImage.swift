// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Pyramids
internal import Segmentation
internal import Volumes

/// The channels of one level of an image that tiles are read from, time by time.
struct TiledImage {
  let image: StoredImage
  let channels: [Int]
  let level: Int
  /// The first of the channels, at the first time.
  let volume: LazyVolume

  /// - Throws: `PipelineError` where the image has no such level or channels.
  init(_ image: StoredImage, channels: [Int], level: Int) throws {
    guard image.levels.indices.contains(level) else {
      throw PipelineError(
        "\(image.path) has no level \(level): it has \(image.levels.count), counted from 0",
        hint: "leave --finest-level out, or choose a level that `weft info` lists")
    }
    guard !channels.isEmpty, Set(channels).count == channels.count else {
      throw PipelineError("--channels \(channels) names no channel, or one twice", hint: "give each channel once, as 0,1")
    }
    for channel in channels { _ = try image.volumes(channel: channel) }
    self.image = image
    self.channels = channels
    self.level = level
    volume = try image.volumes(channel: channels[0]).levels[level]
  }

  /// How many times there are.
  var times: Int { image.timeCount }

  /// The time axis, where there is one.
  var timeAxis: [PyramidLayout.LeadingAxis] { image.axes.filter { $0.kind == .time }.map { .init($0, length: times) } }

  /// A channel at a time.
  func volume(channel: Int, time: Int) throws -> LazyVolume { try image.volumes(channel: channel, time: time).levels[level] }

  /// A tile, read with its halo and so many voxels an axis around that, as far as the image goes.
  func tile(_ block: Block, _ time: Int, margin: [Int]? = nil) throws -> SegmentationTile {
    let box = margin.map { block.extended.expanded(by: $0).intersection(volume.extent.box) } ?? block.extended
    let voxels = try channels.map { try volume(channel: $0, time: time).read(box) }
    return SegmentationTile(channels: voxels, box: box, core: block.core, spacing: volume.space.spacing)
  }

  /// How the intensities of the channels are distributed at a time.
  ///
  /// - Parameter memory: what the process may take; it bounds how much is looked at at once.
  func measured(_ time: Int, threads: Int?, memory: MemoryBudget?) throws -> [IntensityStatistics] {
    let budget = memory ?? .available()
    let available = budget.bytes - MemoryModel.base - (try MemoryModel.residentBytes(of: [volume], within: budget))
    return try channels.map {
      try measuredIntensities(
        of: image.volumes(channel: $0, time: time).levels, from: level, threads: ThreadCount.resolved(threads), available: available)
    }
  }

  /// - Throws: `PipelineError` where a method of that name does not take images of this rank or so many channels.
  ///
  /// - Parameter way: what to do where it does not take images of this rank.
  func check(_ requirements: SegmenterRequirements, of method: String, way: String) throws {
    guard requirements.ranks.contains(volume.rank) else {
      let ranks = requirements.ranks.map { "\($0)D" }.joined(separator: " or ")
      throw PipelineError(
        "\(image.path) is \(volume.rank)D, and \(method) takes images that are \(ranks)", hint: way)
    }
    guard requirements.channels.contains(channels.count) else {
      let (least, most) = (requirements.channels.lowerBound, requirements.channels.upperBound)
      throw PipelineError(
        "--channels names \(channels.count) channels, and \(method) takes "
          + (least == most ? "\(least)" : "\(least) to \(most)"),
        hint: "name the channels that it is to see, as --channels \((0..<least).map(String.init).joined(separator: ","))")
    }
  }
}
