// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// A box of another source, seen from its first voxel.
struct CroppedSource: VoxelSource {
  let base: any VoxelSource
  let box: Box

  var extent: Extent { box.extent }
  var voxelType: VoxelType { base.voxelType }
  var chunk: Extent { base.chunk }
  var residentBytes: Int { base.residentBytes }

  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    try base.read(box.translated(by: self.box.lower), as: type)
  }
}
