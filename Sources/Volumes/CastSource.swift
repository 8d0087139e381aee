// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Another source whose voxels count as those of another format: out of range the nearest that it has, rounded to the nearest whole number.
public struct CastSource: VoxelSource {
  let base: any VoxelSource
  public let voxelType: VoxelType

  /// A view of `base` as voxels of `voxelType`.
  public init(base: any VoxelSource, as voxelType: VoxelType) { (self.base, self.voxelType) = (base, voxelType) }

  public var extent: Extent { base.extent }
  public var chunk: Extent { base.chunk }
  public var residentFiles: [ResidentFile] { base.residentFiles }

  public func willRead(_ box: Box) { base.willRead(box) }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    func through<Own: VoxelScalar>(_ own: Own.Type) throws -> VoxelBuffer<Voxel> { try base.read(box, as: own).converted(to: type) }
    return try through(voxelType.scalar)
  }
}
