// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Pyramids
public import Volumes

/// How an image is written anew.
public struct ConversionOptions: Sendable, Codable, Equatable {
  /// The format that is written; `nil` goes by the output's name.
  public var format: OutputFormat?
  /// The OME-NGFF version written; `nil` takes that of the input, and 0.5 for other formats and with shards.
  public var omeVersion: OMEVersion?
  /// Voxels of a chunk along the spatial axes, or one number for all; `nil` is about 2 MB.
  public var chunk: [Int]?
  /// Voxels of a shard likewise; `nil` for a file a chunk.
  public var shard: [Int]?
  /// How chunks are compressed, as `Compression.init(parsing:)` reads it; `nil` is Blosc with Zstandard.
  public var compression: String?
  /// How many levels; `nil` halves axes until all are shorter than 256 voxels.
  public var levelCount: Int?
  /// How levels are made; `nil` takes the mean, and the mode for an image that says that it holds labels.
  public var method: Downsampling?
  /// The format of a voxel; `nil` keeps that of the input.
  public var voxelType: VoxelType?
  /// A range along each spatial axis that is kept; `nil` keeps all.
  public var region: [Range<Int>]?
  /// The channels that are kept; `nil` keeps all.
  public var channels: [Int]?
  /// The most memory that the process may take; `nil` takes four fifths of what is available.
  public var memory: MemoryBudget?
  /// How many threads compute; `nil` takes all that this process may use.
  public var threads: Int?
  /// How often a task that fails is tried again.
  public var retries = 2
  /// Where tasks are run.
  public var executor = ExecutorOptions()
  /// Whether an output that exists is replaced.
  public var overwrite = false

  /// The defaults.
  public init() {}
}
