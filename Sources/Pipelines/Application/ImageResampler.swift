// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Filtering
internal import Foundation
internal import Grids
internal import ImageFiles
internal import Pyramids
internal import Synchronization
internal import Transforms
internal import Volumes

/// Resamples every channel and time of an image onto a lattice, block by block, and writes it with a pyramid.
///
/// One interpolation, the image's own voxel type, rounded and clipped. Memory: one block's positions and values, and what is read for it,
/// for each thread.
struct ImageResampler: Sendable {
  /// The image that is resampled.
  let image: StoredImage
  /// The lattice that is written, on three axes (2D as one plane).
  let extent: Extent
  let space: PhysicalSpace
  /// 2 or 3.
  let rank: Int
  let interpolation: OutputInterpolation
  /// Mean-downsampling factors for the image where its voxels are much finer than the lattice; 1 for labels.
  let factors: [Int]
  let isLabels: Bool
  /// The value of voxels that come from outside the image.
  var fill = 0.0
  /// The positions in a lattice of the image that a box of the written lattice comes from.
  let mapping: @Sendable (_ box: Box, _ lattice: PhysicalSpace, _ notes: SampledRegion.Notes) throws -> MappedBox

  private let volumes = VolumeCache()

  /// The image's channels and times as they are resampled: each is made once, since a level is compared with the finest one at its first read.
  private final class VolumeCache: Sendable {
    private let made = Mutex<[[Int]: LazyVolume]>([:])

    func volume(_ channel: Int, _ time: Int, make: () throws -> LazyVolume) throws -> LazyVolume {
      try made.withLock { made in
        if let known = made[[channel, time]] { return known }
        let volume = try make()
        made[[channel, time]] = volume
        return volume
      }
    }
  }

  /// Voxels a side of the blocks that are resampled; whole chunks.
  static func chunk(rank: Int) -> Extent { rank == 2 ? [1, 512, 512] : [64, 128, 128] }

  /// Channel and time axes, which are written before the spatial ones.
  private var others: [Int] { image.axes.indices.filter { image.axes[$0].kind == .channel || image.axes[$0].kind == .time } }

  private func kind(ofLeading axis: Int) -> Axis.Kind { image.axes[others[axis]].kind }

  /// What is written.
  func layout(version: OMEVersion, levels: Int?) -> PyramidLayout {
    var layout = PyramidLayout(
      extent: rank == 2 ? Extent(Array(extent.lengths.dropFirst())) : extent, voxelType: image.voxelType,
      space: rank == 2 ? space.droppingFirstAxis() : space)
    layout.leadingAxes = others.map { .init(image.axes[$0], length: image.levels[0].source.extent[$0]) }
    layout.version = version
    layout.chunk = Extent(Array(Self.chunk(rank: rank).lengths.suffix(rank)))
    layout.levelCount = levels
    layout.downsampling = isLabels ? .mode : .mean
    return layout
  }

  /// Writes what was resampled in another format.
  func export(_ source: any VoxelSource, to path: String, _ format: ImageFileFormat) throws {
    let place = rank == 2 ? space.droppingFirstAxis() : space
    let leading = source.extent.lengths.dropLast(rank)
    let shown = (source.extent.rank - rank..<source.extent.rank).map { Optional($0) }
    // Times first, then channels, whatever the order of the axes.
    let order = leading.indices.sorted { kind(ofLeading: $0) == .time && kind(ofLeading: $1) != .time }
    let volumes = Box(lower: order.map { _ in 0 }, upper: order.map { leading[$0] }).indices.map { index in
      let held = Dictionary(uniqueKeysWithValues: zip(order, index))
      return LazyVolume(source: AxisMappedSource(base: source, axes: shown, fixed: held), space: place, name: path)
    }
    let times = order.filter { kind(ofLeading: $0) == .time }.map { leading[$0] }.reduce(1, *)
    try ImageFile.write(channels: volumes, times: times, to: path, format: format)
  }

  /// Boxes of whole chunks that make up the image, one a task.
  var taskBoxes: [Box] { extent.box.tiles(of: extent.tile(from: Self.chunk(rank: rank))) }

  /// How many chunks of the finest level are stored in a box, over all channels and times.
  func storedChunkCount(_ box: Box, _ writer: PyramidWriter) -> Int {
    let spatial = rank == 2 ? Box(lower: Array(box.lower.dropFirst()), upper: Array(box.upper.dropFirst())) : box
    let array = writer.levels[0].array
    let leading = array.extent.lengths.dropLast(rank)
    return array.storedChunkCount(in: Box(lower: leading.map { _ in 0 } + spatial.lower, upper: leading + spatial.upper))
  }

  /// Resamples a box of whole chunks, chunk by chunk, all channels and times.
  ///
  /// - Returns: what the mapping noted.
  func resample(_ task: Box, _ writer: PyramidWriter) throws -> SampledRegion? {
    let notes = SampledRegion.Notes()
    for box in task.tiles(of: Self.chunk(rank: rank)) { try resampleChunk(box, writer, notes) }
    return notes.region
  }

  /// Positions for a chunk, which serve all its channels and times.
  private struct ChunkPositions {
    let mapping: (_ box: Box, _ lattice: PhysicalSpace) throws -> MappedBox
    /// Whether there are several that want them.
    let isKept: Bool
    private var last: (box: Box, lattice: PhysicalSpace, mapped: MappedBox)?

    init(isKept: Bool, mapping: @escaping (_ box: Box, _ lattice: PhysicalSpace) throws -> MappedBox) {
      (self.isKept, self.mapping) = (isKept, mapping)
    }

    mutating func mapped(_ box: Box, _ lattice: PhysicalSpace) throws -> MappedBox {
      if let last, last.box == box, last.lattice == lattice { return last.mapped }
      let mapped = try mapping(box, lattice)
      if isKept { last = (box, lattice, mapped) }
      return mapped
    }
  }

  private func resampleChunk(_ box: Box, _ writer: PyramidWriter, _ notes: SampledRegion.Notes) throws {
    try Task.checkCancellation()
    let leading = Box(lower: others.map { _ in 0 }, upper: others.map { image.levels[0].source.extent[$0] })
    var positions = ChunkPositions(isKept: leading.count > 1) { try mapping($0, $1, notes) }
    for place in leading.indices {
      var channel = 0
      var time = 0
      for (axis, index) in zip(others, place) { if image.axes[axis].kind == .channel { channel = index } else { time = index } }
      let volume = try volumes.volume(channel, time) {
        let levels = try image.volumes(channel: channel, time: time).levels
        return VolumePyramid(levels: levels.map { $0.placed(in: $0.space.converted(to: space.unit)).liftedToThreeAxes() })
          .downsampled(by: factors)
      }
      let positions = { (part: Box) in try positions.mapped(part, volume.space) }
      try write(volume, box, place, writer, positions, image.voxelType.scalar)
    }
  }

  private func write<Voxel: VoxelScalar>(
    _ volume: LazyVolume, _ box: Box, _ place: [Int], _ writer: PyramidWriter, _ positions: @escaping (Box) throws -> MappedBox,
    _ type: Voxel.Type
  ) throws {
    let values: VoxelBuffer<Voxel> = isLabels ? try labels(volume, box, positions) : try interpolated(volume, box, positions)
    let spatial = rank == 2 ? Array(box.lower.dropFirst()) : box.lower
    let extent = [Int](repeating: 1, count: place.count) + (rank == 2 ? Array(box.extent.lengths.dropFirst()) : box.extent.lengths)
    try writer.write(values.reshaped(to: Extent(extent)), at: place + spatial)
  }

  private func interpolated<Voxel: VoxelScalar>(
    _ volume: LazyVolume, _ box: Box, _ positions: @escaping (Box) throws -> MappedBox
  ) throws -> VoxelBuffer<Voxel> {
    // Voxels of one or two bytes that are stored like that are converted all at once, which is quicker than chunk by chunk and takes no more.
    let isStored = factors.allSatisfy { $0 == 1 } && MemoryLayout<Voxel>.size <= 2
    let read = { (part: Box) in try volume.source.read(part, as: Voxel.self).converted(to: Float.self) }
    let resampler = BoxResampler(
      volume: volume, interpolation: interpolation, threads: 1, read: isStored ? read : nil, mapping: positions)
    let (values, valid) = try resampler.values(over: box)
    var converted = values.converted(to: Voxel.self)
    if fill == 0 { return converted }
    let outside = Voxel.saturating(real: fill)
    for i in valid.elements.indices where valid.elements[i] == 0 { converted.elements[i] = outside }
    return converted
  }

  /// Labels are never blended: each voxel takes the nearest one, or that with the most weight about it.
  private func labels<Voxel: VoxelScalar>(
    _ volume: LazyVolume, _ box: Box, _ positions: (Box) throws -> MappedBox
  ) throws -> VoxelBuffer<Voxel> {
    let outside = Voxel.saturating(real: fill)
    var mapped = try positions(box)
    let wanted = mapped.bounds(margin: 1).intersection(volume.extent.box)
    if wanted.isEmpty { return VoxelBuffer<Voxel>(extent: box.extent, repeating: outside) }
    if let (low, high) = BoxResampler.parts(of: box, reading: wanted) {
      var values = VoxelBuffer<Voxel>(extent: box.extent)
      for half in [low, high] {
        let part: VoxelBuffer<Voxel> = try labels(volume, half, positions)
        values.copy(from: part, box: half.extent.box, at: half.relative(to: box.lower).lower)
      }
      return values
    }
    mapped.rebase(to: wanted.lower)
    let source = try volume.source.read(wanted, as: Voxel.self)
    return interpolation == .labelVote
      ? Filtering.voted(source, at: mapped.positions, outside: outside)
      : Filtering.nearest(source, at: mapped.positions, outside: outside)
  }
}

extension PhysicalSpace {
  /// The plane of a lattice that was lifted to three axes.
  func droppingFirstAxis() -> PhysicalSpace {
    PhysicalSpace(
      spacing: Array(spacing.dropFirst()), origin: Array(origin.dropFirst()),
      direction: direction.dropFirst().map { Array($0.dropFirst()) },
      unit: unit)
  }
}
