// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Pyramids

/// How transforms are applied.
public struct ApplyOptions: Sendable, Codable {
  /// The space that things are brought into.
  public enum Target: String, Sendable, CaseIterable, Codable {
    /// What lies in moving space comes into fixed space: images and labels by T, points by T⁻¹.
    case fixed
    /// What lies in fixed space comes into moving space: points by T, exactly; images and labels by T⁻¹.
    case moving
  }

  /// What a result covers.
  public enum Cover: String, Sendable, CaseIterable, Codable {
    /// What the image that was registered there covers.
    case fixed
    /// That, and all of the image that is brought along.
    case union
  }

  /// The space that things are brought into.
  public var target = Target.fixed
  /// How voxels are interpolated; `nil` is linear for images and nearest for labels.
  public var interpolation: OutputInterpolation?
  /// Whether the image holds labels, which are never blended; a vote among labels says so, too.
  public var isLabels = false
  /// An image whose voxels the result has, in place of those of the image that was registered.
  public var like: String?
  /// The distance between voxels of the result, z, y, x (2D: y, x), in the fixed image's unit; `nil` for that of the image registered.
  public var spacing: [Double]?
  /// What the result covers.
  public var cover = Cover.fixed
  /// The value of voxels that come from outside the image.
  public var fill = 0.0
  /// Whether points are in voxels of their image rather than physical.
  public var voxels = false
  /// The format of an image that is written; `nil` goes by the output's name.
  public var format: OutputFormat?
  /// The OME-NGFF version written; `nil` takes that of the input, and 0.5 for other formats.
  public var omeVersion: OMEVersion?
  /// The most memory that the process may take; `nil` takes four fifths of what is available.
  public var memory: MemoryBudget?
  /// How often a task that fails is tried again.
  public var retries = 2
  /// Where tasks are run.
  public var executor = ExecutorOptions()
  /// How many threads compute; `nil` takes all that this process may use.
  public var threads: Int?
  /// Whether an output that exists is replaced.
  public var overwrite = false

  /// The defaults.
  public init() {}
}
