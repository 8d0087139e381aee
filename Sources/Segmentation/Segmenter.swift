// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Volumes

/// A method that finds objects in a tile.
///
/// Tiles are read with a halo, segmented one by one in any order, on many threads at once, and their objects are matched afterwards: a
/// method sees nothing but its tile and what was measured on the whole image.
public protocol Segmenter: Sendable {
  /// What it takes, and what it needs.
  var requirements: SegmenterRequirements { get }

  /// Finds the objects of a tile.
  ///
  /// - Returns: labels of the whole tile, halo included; 0 is background. Labels need not be dense.
  /// - Throws: where the method fails; the tile is tried again where that may help.
  func segment(_ tile: SegmentationTile, _ context: SegmentationContext) throws -> VoxelBuffer<UInt32>
}

/// What a method takes, and what it needs.
public struct SegmenterRequirements: Sendable, Hashable, Codable {
  /// How many spatial axes.
  public var ranks: ClosedRange<Int> = 2...3
  /// How many channels.
  public var channels: ClosedRange<Int> = 1...1
  /// Voxels an axis to whose multiples tiles begin, as networks that pool want them; nothing for 1 everywhere.
  public var stride: [Int] = []
  /// Voxels an axis that an output voxel may depend on, on each side; nothing where that is not known.
  public var receptiveField: [Int] = []
  /// Voxels an axis that are read beyond the halo, as far as that is narrower than the receptive field, so that what is found in the halo
  /// holds; what is found beyond it is dropped. Nothing for none.
  public var margin: [Int] = []
  /// Bytes in use whatever the tile.
  public var fixedBytes = 0
  /// Bytes in use for each voxel of a tile with its halo, beside the tile itself and its labels.
  public var bytesPerVoxel: Double = 0

  /// Nothing special.
  public init() {}
}

/// A tile in memory.
public struct SegmentationTile: Sendable {
  /// The voxels of the tile with its halo, one buffer for each chosen channel.
  public var channels: [VoxelBuffer<Float>]
  /// Where the tile with its halo lies in the image.
  public var box: Box
  /// The part whose objects are this tile's to write.
  public var core: Box
  /// Distances between voxels, slowest axis first.
  public var spacing: [Double]

  /// A tile.
  ///
  /// - Precondition: there is a channel, and all have the extent of `box`.
  public init(channels: [VoxelBuffer<Float>], box: Box, core: Box, spacing: [Double]) {
    precondition(!channels.isEmpty && channels.allSatisfy { $0.extent == box.extent }, "a tile has channels of its own extent")
    self.channels = channels
    self.box = box
    self.core = core
    self.spacing = spacing
  }

  /// Voxels along each axis, halo included.
  public var extent: Extent { box.extent }
}

/// What was measured once, on the whole image.
public struct SegmentationContext: Sendable {
  /// One for each chosen channel.
  public var statistics: [IntensityStatistics]

  /// Measures of the chosen channels.
  public init(statistics: [IntensityStatistics]) { self.statistics = statistics }
}
