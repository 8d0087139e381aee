// SPDX-License-Identifier: Apache-2.0

public import Grids

/// A box of another source, seen from its first voxel.
public struct CroppedSource: VoxelSource {
  let base: any VoxelSource
  let box: Box

  /// The voxels of `base` inside `box`.
  ///
  /// - Precondition: the box lies inside the source.
  public init(base: any VoxelSource, box: Box) {
    precondition(base.extent.box.contains(box), "\(box) lies outside \(base.extent)")
    (self.base, self.box) = (base, box)
  }

  public var extent: Extent { box.extent }
  public var voxelType: VoxelType { base.voxelType }
  public var chunk: Extent { Extent(zip(base.chunk.lengths, box.extent.lengths).map(min)) }
  public var residentFiles: [ResidentFile] { base.residentFiles }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    try base.read(box.translated(by: self.box.lower), as: type)
  }

  public func willRead(_ box: Box) { base.willRead(box.translated(by: self.box.lower)) }

  public func read<Voxel: VoxelScalar>(_ box: Box, into voxels: inout MutableSpan<Voxel>) throws {
    try base.read(box.translated(by: self.box.lower), into: &voxels)
  }
}
