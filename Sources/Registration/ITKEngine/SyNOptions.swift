// SPDX-License-Identifier: Apache-2.0

/// How ITK's symmetric diffeomorphic registration runs.
public struct SyNOptions: Sendable, Hashable {
  /// One resolution.
  public struct Level: Sendable, Hashable {
    /// The level's spacing, as a multiple of the finest spacing of the fixed image; the last level must be 1.
    public var shrink: Double
    /// Gaussian smoothing of both images, in voxels of the finest fixed spacing.
    public var smoothing: Double
    /// At most so many iterations.
    public var iterations: Int

    /// A level.
    public init(shrink: Double, smoothing: Double, iterations: Int) {
      self.shrink = shrink
      self.smoothing = smoothing
      self.iterations = iterations
    }
  }

  /// What the images are compared by; `auto` is `lncc`.
  public var metric: RegistrationMetric = .auto
  /// Neighbourhood radius of `lncc`, in voxels of the level.
  public var radius = 2
  /// Resolutions, coarsest first, at most eight.
  public var levels = [
    Level(shrink: 4, smoothing: 2, iterations: 100), Level(shrink: 2, smoothing: 1, iterations: 50),
    Level(shrink: 1, smoothing: 0, iterations: 10),
  ]
  /// The longest step of an iteration, in voxels of the level.
  public var step = 0.25
  /// Variance of the smoothing of each update, in voxels of the level squared.
  public var updateVariance = 3.0
  /// Variance of the smoothing of the whole field, in voxels of the level squared; 0 for none.
  public var totalVariance = 0.0
  /// A level ends where the slope of the metric over the window falls below this.
  public var convergenceThreshold = 1e-6
  /// Iterations in that window.
  public var convergenceWindow = 10

  /// Options of defaults.
  public init() {}
}
