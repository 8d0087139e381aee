// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

extension Mask {
  /// 1 where a box's voxels map inside this mask of the moving image, and `valid` is 1, too.
  func inside(_ box: Box, through transform: ComposedTransform, alsoIn valid: VoxelBuffer<UInt8>) -> VoxelBuffer<UInt8> {
    inside(transform.mapped(box, local: nil, to: space), alsoIn: valid)
  }

  /// 1 where positions in this mask's lattice lie inside it, and `valid` is 1, too.
  func inside(_ positions: MappedBox, alsoIn valid: VoxelBuffer<UInt8>) -> VoxelBuffer<UInt8> {
    var mapped = positions
    mapped.rebase(to: [0, 0, 0])
    var result = nearest(voxels, at: mapped.positions)
    for i in result.elements.indices { result.elements[i] = result.elements[i] != 0 && valid.elements[i] != 0 ? 1 : 0 }
    return result
  }
}
