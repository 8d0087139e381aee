// SPDX-License-Identifier: Apache-2.0

public import Grids

/// An array that a patch holds: so many voxels, at such a distance from each other.
public struct PatchArray: Hashable, Sendable {
  /// The name it is found by, as `raw`.
  public var name: String
  /// Voxels along z, y, x.
  public var shape: Extent
  /// Distance between voxels along z, y, x, in the unit of the dataset.
  public var scale: [Double]

  /// - Precondition: three axes, no length and no distance of zero or less.
  public init(name: String, shape: Extent, scale: [Double]) {
    precondition(shape.rank == 3 && scale.count == 3, "a patch has three axes")
    precondition(scale.allSatisfy { $0 > 0 && $0.isFinite } && shape.count > 0, "a patch has voxels, at a distance")
    (self.name, self.shape, self.scale) = (name, shape, scale)
  }

  /// How long it is along z, y, x, in the unit of the dataset.
  public var size: [Double] { zip(shape.lengths, scale).map { Double($0) * $1 } }
}
