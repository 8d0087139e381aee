// SPDX-License-Identifier: Apache-2.0

/// How well a block fits in the end, measured on the moving image brought onto the fixed one by the whole map, where the core has tissue.
///
/// Measured in probes: up to eight parts of the core, of at most 64 voxels an axis, spread evenly over its tissue.
public struct BlockQuality: Sendable, Equatable, Codable {
  /// How alike two images are in the probes.
  public struct Likeness: Sendable, Equatable, Codable {
    /// Mean local normalised cross-correlation, windows of 9 voxels an axis.
    public var lncc: Double
    /// Pearson's correlation, mean over the probes.
    public var ncc: Double
    /// Normalised mutual information less one, mean over the probes.
    public var mi: Double
  }

  /// Tissue in the core, in per cent of its voxels.
  public var tissuePercent: Double
  /// As the files place the images.
  public var initial: Likeness?
  /// After the coarse transform.
  public var coarse: Likeness?
  /// After the whole map.
  public var fine: Likeness?
  /// How far the registered image still lies off the fixed one, in voxels of the fixed image: of the shifts at which parts of 32 voxels an
  /// axis or a little more correlate best, the length that two thirds of the tissue do not exceed.
  public var residual: Double?
  /// The part of the tissue where such a shift stands out from chance, in per cent; `nil` where there is too little tissue to look.
  public var evidencePercent: Double?
  /// How far the shifts lie apart that bring the registered image onto the fixed one, and the fixed one back onto the registered one, in
  /// voxels: of those parts, the length that two thirds of the tissue do not exceed. Large where shifts are found by chance.
  public var forwardBackward: Double?
  /// How far the block's own displacement lies apart from those of its neighbours where they overlap, in voxels: the mean over what the
  /// blend takes from both, the median over the neighbours across a face.
  public var disagreement: Double?

  /// The least Jacobian determinant of the whole map in the probes, relative to that of its affine part.
  public var minimumJacobian: Double?
  /// The largest one.
  public var maximumJacobian: Double?
  /// Voxels of the probes where it is not positive, in per cent.
  public var foldingPercent: Double?
  /// Why the block could not be measured, where it could not.
  public var message: String?

  /// Nothing measured.
  public init(tissuePercent: Double) { self.tissuePercent = tissuePercent }
}
