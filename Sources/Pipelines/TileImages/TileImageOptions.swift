// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Grids
public import Pyramids
public import Volumes

/// How an image is made of another, tile by tile, by a program.
public struct TileImageOptions: Sendable, Hashable, Codable {
  /// The program; its command is needed.
  public var program = ProgramOptions()
  /// The channels that the program sees, in its order; counted from 0.
  public var channels = [0]
  /// The level that is read; 0 is the finest.
  public var level = 0
  /// Voxels of a tile's core: one number, or one an axis; `nil` goes by the memory.
  public var tileShape: [Int]?
  /// Voxels that a tile reads beyond its core; `nil` is what the program says that it looks around, else 0.15 of the core.
  public var overlap: Overlap?
  /// How wide neighbouring tiles pass into each other, as a fraction of the overlap.
  public var blendSigma = 0.5
  /// The number format of the image.
  public var voxelType = VoxelType.float32
  /// The OME-NGFF version written; `nil` takes that of the input, and 0.5 for other formats.
  public var omeVersion: OMEVersion?
  /// The most memory that the process may take; `nil` takes four fifths of what is available.
  public var memory: MemoryBudget?
  /// How many tiles are worked on at once; `nil` takes all threads that this process may use.
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
