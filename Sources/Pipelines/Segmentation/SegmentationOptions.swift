// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Grids
public import Pyramids
public import Segmentation
public import Volumes

/// How objects are found.
public enum SegmentationMethod: String, Sendable, Hashable, Codable, CaseIterable {
  /// Seeds and a watershed, for roundish objects of about one size: no training, no other program.
  case watershed
  /// Connected components above a threshold.
  case threshold
  /// Cellpose, in the user's Python.
  case cellpose
  /// StarDist, in the user's Python.
  case stardist
  /// A program of the user's that speaks the worker protocol.
  case command
}

/// How an image is segmented.
public struct SegmentationOptions: Sendable, Hashable, Codable {
  /// How objects are found.
  public var method = SegmentationMethod.watershed
  /// The usual diameter of an object.
  public var diameter: ObjectDiameter?
  /// The channels that the method sees, in its order; counted from 0.
  public var channels = [0]
  /// The value that foreground is above; `nil` is found from the whole image.
  public var threshold: Double?
  /// The program of the methods `command`, `cellpose` and `stardist`.
  public var program = ProgramOptions()
  /// The least size of an object in voxels; `nil` is the method's own.
  public var minimumSize: Int?
  /// The level that is segmented; 0 is the finest.
  public var level = 0
  /// Voxels of a tile's core: one number, or one an axis; `nil` goes by the memory.
  public var tileShape: [Int]?
  /// Voxels that a tile reads beyond its core; `nil` is two diameters, or what the method needs.
  public var overlap: Overlap?
  /// How objects of neighbouring tiles become one; `nil` is `face` for `threshold` and `hybrid` for others.
  public var merge: MergeRule?
  /// The number format of the labels; `nil` is the smallest of uint16, uint32 and uint64 that holds all.
  public var voxelType: VoxelType?
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

  /// Whether the method looks at what is measured on the whole image.
  var needsStatistics: Bool { method != .threshold || threshold == nil }

  /// The program that is started, as messages call it; `nil` for a built-in method.
  var startedProgram: String? {
    switch method {
    case .watershed, .threshold: nil
    case .command: program.command.map { "`\($0)`" }
    case .cellpose, .stardist: "\(method.rawValue) in `\(program.python)`"
    }
  }

  /// How objects of neighbouring tiles become one.
  var resolvedMerge: MergeRule { merge ?? (method == .threshold ? .face : .hybrid) }
}
