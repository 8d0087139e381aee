// SPDX-License-Identifier: Apache-2.0

public import Grids

/// A displacement for each voxel of a 3D lattice, its three components stored apart, in voxels of that lattice.
///
/// 2D is one plane: `z` is zero everywhere.
public struct VectorField: Sendable, Equatable {
  /// Displacement along the slowest axis, in voxels.
  public var z: VoxelBuffer<Float>
  /// Displacement along the middle axis, in voxels.
  public var y: VoxelBuffer<Float>
  /// Displacement along the fastest axis, in voxels.
  public var x: VoxelBuffer<Float>

  /// A field of the given components, all of one extent.
  public init(z: VoxelBuffer<Float>, y: VoxelBuffer<Float>, x: VoxelBuffer<Float>) {
    precondition(z.extent == y.extent && y.extent == x.extent, "the components of a field have one extent")
    self.z = z
    self.y = y
    self.x = x
  }

  /// A field of no displacement.
  public init(zeros extent: Extent) {
    let zeros = VoxelBuffer<Float>(extent: extent)
    self.init(z: zeros, y: zeros, x: zeros)
  }

  /// Voxels along each axis.
  public var extent: Extent { z.extent }

  /// The component along `axis` (0 is z).
  public subscript(axis: Int) -> VoxelBuffer<Float> {
    get { axis == 0 ? z : axis == 1 ? y : x }
    // In place: a getter and a setter would copy the component for every voxel written.
    _modify {
      switch axis {
      case 0: yield &z
      case 1: yield &y
      default: yield &x
      }
    }
  }

  /// The vectors inside `box`.
  public func cropped(to box: Box) -> VectorField {
    VectorField(z: z.cropped(to: box), y: y.cropped(to: box), x: x.cropped(to: box))
  }
}
