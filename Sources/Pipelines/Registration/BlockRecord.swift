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
  /// Whether the block was run again with a wider halo.
  public var widened = false
  /// Whether more than a twentieth of the core is displaced by over half the halo, so that a wider halo may find more.
  public var passesHalfHalo = false
  /// Why it failed, where it did.
  public var message: String?

  init(_ block: Block, _ state: State, message: String? = nil) {
    self.block = block
    self.state = state
    self.message = message
  }
}
