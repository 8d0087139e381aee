// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation

/// Applies the transforms of a finished registration to images, labels and points.
public struct TransformApplication: Sendable {
  /// The transforms.
  public let transforms: TransformFolder
  /// What was asked for.
  public let options: ApplyOptions
  /// Told how the run goes on.
  public let progress: any ProgressReporter
  /// Where the transforms lie.
  let folder: String

  /// An application of the transforms in `folder`, the output of a registration.
  ///
  /// - Throws: `PipelineError` where there are none.
  public init(transforms folder: String, options: ApplyOptions = ApplyOptions(), progress: any ProgressReporter = SilentProgress()) throws {
    transforms = try TransformFolder.open(folder)
    self.folder = folder
    self.options = options
    self.progress = progress
  }

  /// What an applied image has to say for itself.
  public struct ImageResult: Sendable {
    /// The image that was written.
    public var output: String
    /// The largest distance left by the inversion, in fixed voxels; zero towards fixed space, where none is inverted.
    public var largestInverseResidual: Double
    /// What to tell where the image lies wholly outside the result, which then is empty: both extents, physical.
    public var warning: String?
  }
}
