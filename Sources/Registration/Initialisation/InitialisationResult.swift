// SPDX-License-Identifier: Apache-2.0

public import Transforms

/// Where a registration starts from, and why.
public struct InitialisationResult: Sendable {
  /// A way to place the moving image, and how well the images agree there.
  public struct Candidate: Sendable, Hashable {
    /// What the candidate is, as `centre of mass`.
    public let name: String
    /// The measure of the chosen metric, weighted by overlap: higher is better, minus infinity where the images hardly meet.
    public let score: Double
    /// Pearson's correlation over the overlap.
    public let correlation: Double
    /// Normalised mutual information over the overlap, 0…1.
    public let information: Double
    /// The share of the smaller image (or mask) that overlaps, 0…1.
    public let overlap: Double
  }

  /// The best start, fixed world points to moving ones.
  public let transform: AffineTransform
  /// The name of the candidate it came from.
  public let name: String
  /// The metric that decided: never `auto`.
  public let metric: RegistrationMetric
  /// Every candidate in the order it was tried; of several of one kind the best.
  public let candidates: [Candidate]

  /// Names and scores of all candidates.
  public var scores: [(name: String, score: Double)] { candidates.map { ($0.name, $0.score) } }

  func replacingTransform(_ transform: AffineTransform) -> InitialisationResult {
    InitialisationResult(transform: transform, name: name, metric: metric, candidates: candidates)
  }
}
