// SPDX-License-Identifier: Apache-2.0

public import Grids

/// What became of one block.
public struct BlockRecord: Sendable, Equatable {
  /// How a block ended.
  public enum State: String, Sendable, CaseIterable {
    /// A displacement was found that improves the block.
    case registered
    /// The fixed image has no foreground there; displacement zero.
    case background
    /// The coarse transform takes the block outside the moving image; displacement zero.
    case outside
    /// No displacement improved on the coarse result; displacement zero.
    case noGain = "no-gain"
    /// The block could not be registered; displacement zero.
    case failed
  }

  /// The block.
  public var block: Block
  /// How it ended.
  public var state: State
  /// Local normalised cross-correlation (radius 4, foreground of the core) of the fixed with the coarsely warped moving image; with mutual
  /// information, normalised mutual information (less one) in the core.
  public var metricBefore: Double?
  /// The same with the finely warped moving image.
  public var metricAfter: Double?
  /// The least determinant of the Jacobian of `x + u(x)` in the core.
  public var minimumJacobian: Double?
  /// Voxels of the core where that determinant is not positive, in per cent.
  public var foldingPercent: Double?
  /// The longest displacement in the core, in voxels of the fixed image.
  public var largestDisplacement: Double?
  /// Voxels of the block's core that map inside the moving image, in per cent.
  public var validPercent: Double?
  /// Which of the attempts at it was kept.
  public var attempt = FineAttempt.planned
  /// Whether more than a twentieth of the core is displaced by over half the halo, so that a wider halo may find more.
  public var passesHalfHalo = false
  /// How far the block lay off by its own displacement alone; `nil` where there was too little to look at, and at coarser levels.
  package var fit: Fit?
  /// Why it failed, where it did.
  public var message: String?
  /// How well it fits in the end; `nil` where that was not measured: in background, outside the moving image, at coarser levels.
  public var quality: BlockQuality?
  /// Where its verdict changes.
  package var thresholds = VerdictThresholds()

  /// What the block is worth.
  public var verdict: Verdict { thresholds.verdict(self).verdict }
  /// Why, in words; empty for a good block.
  public var reason: String { thresholds.verdict(self).reason }

  /// What tells whether a block is worth another attempt.
  package struct Fit: Sendable, Equatable, Codable {
    /// See `BlockQuality`.
    package var residual: Double?
    /// See `BlockQuality`.
    package var evidencePercent: Double

    package init(residual: Double?, evidencePercent: Double) {
      self.residual = residual
      self.evidencePercent = evidencePercent
    }
  }

  /// Whether the block's own displacement leaves doubt: it folds, or the images lie off each other, or it cannot be told.
  package func isDoubtful(_ thresholds: VerdictThresholds) -> Bool {
    if let folding = foldingPercent, folding > thresholds.folding { return true }
    guard let fit else { return false }
    return fit.evidencePercent < thresholds.evidence || fit.residual.map { $0 > thresholds.residual } ?? true
  }

  /// Whether this is to be kept in place of another result of the block.
  package func isBetter(than other: BlockRecord, _ thresholds: VerdictThresholds) -> Bool {
    let doubts = (isDoubtful(thresholds), other.isDoubtful(thresholds))
    guard doubts.0 == doubts.1 else { return doubts.1 }
    return (metricAfter ?? -.infinity) >= (other.metricAfter ?? -.infinity)
  }

  package init(_ block: Block, _ state: State, message: String? = nil) {
    self.block = block
    self.state = state
    self.message = message
  }
}
