// SPDX-License-Identifier: Apache-2.0

/// Two blocks that touch along an axis.
public struct Face: Hashable, Sendable {
  /// The axis across which they touch.
  public let axis: Int
  /// The block before the face.
  public let lower: Block
  /// The block after the face.
  public let upper: Block

  /// The voxels that both blocks read.
  public var shared: Box { lower.extended.intersection(upper.extended) }

  /// The first voxel plane of the upper core.
  public var position: Int { upper.core.lower[axis] }
}
