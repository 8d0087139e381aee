// SPDX-License-Identifier: Apache-2.0

public import Transforms

/// What ITK's symmetric diffeomorphic registration found.
public struct SyNResult: Sendable {
  /// How one level went.
  public struct Level: Sendable, Hashable {
    /// The level's spacing, as a multiple of the finest spacing of the fixed image.
    public let shrink: Double
    /// Iterations taken.
    public let iterations: Int
    /// ITK's metric at the last one, lower is better; comparable within a level only.
    public let metricValue: Double
    /// Whether the level ended because the metric no longer fell.
    public let hasConverged: Bool
  }

  /// On the fixed lattice: a fixed world point `x` goes to the moving point `initial(x + forward(x))`.
  public internal(set) var forward: DisplacementField
  /// On the fixed lattice: `x + inverse(x)` undoes `x + forward(x)`.
  public internal(set) var inverse: DisplacementField
  /// How each level went, coarsest first.
  public let levels: [Level]
}
