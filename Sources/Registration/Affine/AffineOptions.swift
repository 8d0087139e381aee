// SPDX-License-Identifier: Apache-2.0

/// How an affine registration runs.
public struct AffineOptions: Sendable, Hashable {
  /// What of the map is free.
  public enum Model: String, Sendable, Hashable, CaseIterable {
    /// A shift.
    case translation
    /// A shift and a rotation.
    case rigid
    /// Any affine map.
    case affine
  }

  /// One resolution.
  public struct Level: Sendable, Hashable {
    /// The level's spacing, as a multiple of the finest spacing of the fixed image.
    public var shrink: Double
    /// Gaussian smoothing, in voxels of the level.
    public var smoothing: Double
    /// At most so many steps of the optimiser for each model.
    public var iterations: Int

    /// A level.
    public init(shrink: Double, smoothing: Double = 1, iterations: Int = 100) {
      self.shrink = shrink
      self.smoothing = smoothing
      self.iterations = iterations
    }
  }

  /// What does the work.
  public enum Engine: String, Sendable, Hashable, CaseIterable {
    /// Weft's own: Gauss-Newton steps by the forces of the deformable engine.
    case weft
    /// ITK's `ImageRegistrationMethodv4`, the reference: gradient descent on random samples.
    case itk
  }

  /// What does the work.
  public var engine = Engine.weft
  /// What the images are compared by. `auto`: correlation where it is at least 0.25 at the start, else mutual information.
  public var metric: RegistrationMetric = .auto
  /// What of the map is free at the end; simpler models go first at the coarsest level.
  public var model: Model = .affine
  /// Resolutions, coarsest first; `nil` for a choice by the size of the fixed image.
  public var levels: [Level]?
  /// The most threads at work; the result does not depend on it.
  public var threads = 1
  /// Fixed voxels that ITK's engine looks at in each step, at most; chosen at random from a fixed seed.
  public var samples = 50_000
  /// Seed of that choice.
  public var seed: Int32 = 1
  /// The result is refused where it scales any direction by more than this, or less than its inverse, relative to the start.
  public var largestScale = 2.0

  /// Options of defaults.
  public init() {}
}
