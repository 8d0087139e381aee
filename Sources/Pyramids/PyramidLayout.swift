// SPDX-License-Identifier: Apache-2.0

public import ChunkStores
public import Grids
public import Volumes

/// How the voxels of a level are made from those of the finer one.
public enum Downsampling: String, Sendable, Hashable, CaseIterable, Codable {
  /// The mean, rounded half up in whole numbers; the last voxels average what is there. For intensities.
  case mean
  /// The weights 1, 3, 3, 1 along each halved axis, about the same place as the mean; rounded likewise, edges of what is there.
  case gaussian
  /// Every other voxel: nothing is averaged, and fine structures may alias. The level has the place of its first voxel.
  case stride
  /// The most frequent value; of equally frequent ones the first in C order. For labels.
  case mode

  /// Voxels beyond those that a voxel covers that it looks at, on each side.
  var margin: Int { self == .gaussian ? 1 : 0 }

  /// In words, for metadata.
  var explanation: String {
    switch self {
    case .mean: "each voxel is the mean of those of the finer level that it covers"
    case .gaussian: "each voxel is the mean of those of the finer level about it with the weights 1, 3, 3, 1 along each halved axis"
    case .stride: "each voxel is the first of those of the finer level that it covers"
    case .mode: "each voxel is the most frequent value that it covers"
    }
  }
}

/// What an image to be written looks like: its lattice, its place, its levels, how it is stored.
public struct PyramidLayout: Sendable {
  /// A channel or time axis before the spatial ones.
  public struct LeadingAxis: Sendable, Hashable {
    /// Its name and kind.
    public var axis: Axis
    /// How many channels or time points.
    public var length: Int

    /// An axis of that length.
    public init(_ axis: Axis, length: Int) {
      self.axis = axis
      self.length = length
    }
  }

  /// Voxels along the spatial axes of the finest level, y, x or z, y, x.
  public var extent: Extent
  /// Channel and time axes, slowest first.
  public var leadingAxes: [LeadingAxis] = []
  /// The format of a voxel.
  public var voxelType: VoxelType
  /// Where the finest level lies.
  public var space: PhysicalSpace
  /// The OME-NGFF version.
  public var version = OMEVersion.v05
  /// Voxels of a chunk along the spatial axes; about 2 MB where `nil`. A coarse level's chunks are no longer than the level.
  public var chunk: Extent?
  /// Voxels of a shard along the spatial axes, a file of many chunks, made whole chunks; `nil` for a file a chunk. For 0.5 only.
  public var shard: Extent?
  /// How chunks are compressed; where `nil`, as labels (`Compression.labels`) or intensities (`Compression.standard`) are.
  public var compression: Compression?
  /// Whether each chunk carries a checksum (CRC-32C), so that damage shows when it is read.
  public var isChecksummed = false
  /// How many levels, the finest counted; where `nil`, axes are halved until all are shorter than 256 voxels.
  public var levelCount: Int?
  /// How levels are made.
  public var downsampling = Downsampling.mean
  /// The value of voxels that are never written.
  public var fillValue: FillValue = 0
  /// Whether the image holds labels, and says so.
  public var isLabels = false
  /// The image that was labelled, relative to the labels; `nil` where the metadata do not tell.
  public var labelledImage: String?
  /// What else the namespaced attribute `weft` holds.
  package var notes: [String: JSON] = [:]
  /// How viewers show the channels; none unless given.
  public var channels: [ImageChannel] = []

  /// An image of 2 or 3 spatial axes.
  public init(extent: Extent, voxelType: VoxelType, space: PhysicalSpace) {
    self.extent = extent
    self.voxelType = voxelType
    self.space = space
  }

  /// All axes: the leading ones, then `z`, `y`, `x`.
  public var axes: [Axis] {
    leadingAxes.map(\.axis) + "zyx".suffix(extent.rank).map { Axis(name: String($0), unit: space.unit) }
  }

  /// Voxels along all axes of the finest level.
  public var fullExtent: Extent { Extent(leadingAxes.map(\.length) + extent.lengths) }

  /// How chunks are compressed.
  var resolvedCompression: Compression { compression ?? (isLabels || downsampling == .mode ? .labels : .standard) }

  /// Voxels of a chunk of the finest level along the spatial axes.
  public var resolvedChunk: Extent {
    let chunk = chunk ?? Self.standardChunk(rank: extent.rank, voxelType)
    return Extent(zip(chunk.lengths, extent.lengths).map { max(1, min($0, $1)) })
  }

  /// Powers of two that make about 2 MB.
  public static func standardChunk(rank: Int, _ type: VoxelType) -> Extent {
    let lengths =
      switch (rank, type.size) {
      case (2, 1), (2, 2): [1024, 1024]
      case (2, 4): [512, 1024]
      case (2, _): [512, 512]
      case (_, 1): [128, 128, 128]
      case (_, 2): [64, 128, 128]
      case (_, 4): [64, 64, 128]
      default: [64, 64, 64]
      }
    return Extent(lengths)
  }

  /// By how many voxels of the finest level an axis each level is averaged: 1, 1, 1 first, then the plan of halvings.
  ///
  /// From level to level those axes are halved whose spacing is below 1.5 times the finest, so that voxels become more isotropic. Axes
  /// shorter than 64 voxels are left alone, unless a number of levels is asked for.
  public var factors: [[Int]] {
    var factors = [[Int](repeating: 1, count: extent.rank)]
    while levelCount.map({ factors.count < $0 }) ?? true {
      let last = factors[factors.count - 1]
      let lengths = extent.dividedRoundingUp(by: Extent(last)).lengths
      let spacing = zip(space.spacing, last).map { $0 * Double($1) }
      let candidates = (0..<extent.rank).filter { lengths[$0] >= (levelCount == nil ? 64 : 2) }
      guard let finest = candidates.map({ spacing[$0] }).min() else { break }
      if levelCount == nil && candidates.allSatisfy({ lengths[$0] < 256 }) { break }
      factors.append((0..<extent.rank).map { candidates.contains($0) && spacing[$0] < 1.5 * finest ? 2 * last[$0] : last[$0] })
    }
    return factors
  }
}

extension PyramidLayout {
  /// Voxels along all axes of a level.
  public func extent(level: Int) -> Extent {
    Extent(leadingAxes.map(\.length) + extent.dividedRoundingUp(by: Extent(factors[level])).lengths)
  }

  /// Voxels of a chunk of a level along all axes.
  public func chunk(level: Int) -> Extent {
    let spatial = extent.dividedRoundingUp(by: Extent(factors[level])).lengths
    return Extent(leadingAxes.map { _ in 1 } + zip(resolvedChunk.lengths, spatial).map { max(1, min($0, $1)) })
  }

  /// Voxels of a shard of a level along all axes, no longer than the level needs; `nil` where each chunk is a file of its own.
  public func shard(level: Int) -> Extent? {
    guard let shard else { return nil }
    let (whole, chunk) = (extent(level: level), chunk(level: level))
    let wanted = leadingAxes.map { _ in 1 } + shard.lengths
    return Extent(
      (0..<whole.rank).map { chunk[$0] * max(1, min((wanted[$0] + chunk[$0] - 1) / chunk[$0], (whole[$0] + chunk[$0] - 1) / chunk[$0])) })
  }

  /// Where a level lies that is made of blocks of `factors` voxels of the finest.
  func space(factors: [Int]) -> PhysicalSpace {
    guard downsampling == .stride else { return space.downsampled(by: factors) }
    var place = space
    place.spacing = zip(space.spacing, factors).map { $0 * Double($1) }
    return place
  }

  /// How many voxels of the finer level go into one of `level`, along all axes.
  func steps(to level: Int) -> [Int] {
    leadingAxes.map { _ in 1 } + zip(factors[level], factors[max(level - 1, 0)]).map(/)
  }

  /// Whole files of a level that are made at once, from about `voxels` voxels of the finer level, or one file.
  func pieceSize(level: Int, voxels: Int) -> Extent { grown(from: shard(level: level) ?? chunk(level: level), level, voxels) }

  /// Whole chunks of a level that are made at once, from about `voxels` voxels of the finer level, or one chunk.
  func partSize(level: Int, voxels: Int) -> Extent { grown(from: chunk(level: level), level, voxels) }

  private func grown(from unit: Extent, _ level: Int, _ voxels: Int) -> Extent {
    let (whole, finer) = (extent(level: level), steps(to: level).reduce(1, *))
    var size = unit.lengths
    for axis in stride(from: size.count - 1, through: leadingAxes.count, by: -1) {
      while size[axis] < whole[axis] && 2 * size.reduce(1, *) * finer <= voxels { size[axis] *= 2 }
    }
    return Extent(size)
  }

  /// Voxels of a task that makes a part of a level.
  package func taskSize(level: Int, voxels: Int = 4 << 20) -> Extent {
    let piece = pieceSize(level: level, voxels: voxels)
    return level == 0 ? piece : extent(level: level).tile(from: piece)
  }
}
