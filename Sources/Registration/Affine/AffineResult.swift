// SPDX-License-Identifier: Apache-2.0

public import Transforms

/// What an affine registration found.
public struct AffineResult: Sendable {
  /// How one model did at one level.
  public struct Step: Sendable, Hashable {
    /// What was free.
    public let model: AffineOptions.Model
    /// Spacing of the level, in world units.
    public let spacing: Double
    /// Steps that the optimiser took.
    public let iterations: Int
    /// The optimiser's metric at the end, lower is better; comparable within a level only.
    public let metricValue: Double
  }

  /// Fixed world points to moving ones.
  public let transform: AffineTransform
  /// The metric used: never `auto`.
  public let metric: RegistrationMetric
  /// Agreement of the images at the start, by the metric: correlation (−1…1), normalised mutual information (0…1), or
  /// for `mse` concordance (−1…1: one less the mean squared difference, relative to that of unrelated images); weighted down where less than half of the smaller image overlaps.
  public let before: Double
  /// The same with `transform`.
  public let after: Double
  /// How each model did at each level, in order.
  public let steps: [Step]
  /// Why the start was kept; `nil` where the optimiser's result stands.
  public let note: String?

  func replacingTransform(_ transform: AffineTransform) -> AffineResult {
    AffineResult(transform: transform, metric: metric, before: before, after: after, steps: steps, note: note)
  }
}
