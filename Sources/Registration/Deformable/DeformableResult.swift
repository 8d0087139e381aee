// SPDX-License-Identifier: Apache-2.0

public import Volumes

/// What a deformable registration found.
public struct DeformableResult: Sendable {
  /// Fixed voxel `x` lies at moving voxel `x + forward(x)`, on the lattice on which it was found.
  package let field: SampledField
  /// The same for `inverse`.
  package let inverseField: SampledField?
  /// How each level went, coarsest first.
  public let levels: [DeformableLevelReport]
  /// The metric at the finest level before the first step: more is better (mean squared local correlation in 0 ... 1, mutual
  /// information in nats, or less than zero by the mean squared difference of the images scaled to variance 1).
  public let metricBefore: Double
  /// The metric at the finest level after the last step.
  public let metricAfter: Double

  /// Fixed voxel `x` lies at moving voxel `x + forward(x)`. O(voxels): made when it is asked for.
  public var forward: VectorField { field.expanded() }
  /// Moving voxel `y` lies at fixed voxel `y + inverse(y)`; in symmetric mode, or where it was asked for. O(voxels), as `forward`.
  public var inverse: VectorField? { inverseField?.expanded() }
}

/// How one level of a deformable registration went.
public struct DeformableLevelReport: Sendable, Equatable {
  /// Voxels of the full lattice for one of the level, one an axis.
  public let shrinkFactors: [Int]
  /// Iterations made.
  public let iterations: Int
  /// The metric before the first and before the last step.
  public let metricFirst: Double
  public let metricLast: Double
  /// Whether the level ended because it gained no more, not because its iterations ran out.
  public let converged: Bool
}

/// A step of a deformable registration, as it happens.
public struct DeformableProgress: Sendable {
  /// The level at work, 0 the coarsest, of how many.
  public let level: Int
  public let levelCount: Int
  /// The iteration just made, from 1, of at most how many.
  public let iteration: Int
  public let iterationLimit: Int
  /// The metric before it.
  public let metric: Double
}
