// SPDX-License-Identifier: Apache-2.0

public import Grids

/// A 2D or 3D image in memory, with its place in space.
public struct Volume: Sendable {
  /// Voxels in z, y, x order.
  public var voxels: VoxelBuffer<Float>
  /// Where they lie.
  public var space: PhysicalSpace

  /// An image at a place.
  public init(voxels: VoxelBuffer<Float>, space: PhysicalSpace) {
    precondition(voxels.extent.rank == space.rank, "an image of rank \(voxels.extent.rank) needs a space of that rank")
    self.voxels = voxels
    self.space = space
  }

  /// Voxels along each axis.
  public var extent: Extent { voxels.extent }
}
