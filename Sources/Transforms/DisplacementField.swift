// SPDX-License-Identifier: Apache-2.0

public import Volumes

/// A dense displacement field: a world point `x` goes to `x + u(x)`, `u` interpolated linearly between voxel centres.
///
/// Beyond the outermost voxel centres the nearest value holds. 2D fields are lattices of one plane whose z component is zero.
public struct DisplacementField: Sendable {
  /// Displacements in world units, components along the world axes z, y, x.
  public var vectors: VectorField
  /// Where the lattice lies; rank 3.
  public var space: PhysicalSpace

  /// A field on a lattice.
  public init(vectors: VectorField, space: PhysicalSpace) {
    precondition(space.rank == 3, "a displacement field lies on a lattice of rank 3, 2D as one plane")
    self.vectors = vectors
    self.space = space
  }
}
