// SPDX-License-Identifier: Apache-2.0

public import Grids
internal import Transforms
public import Volumes

/// Where an image is to be looked at: any value but zero. Its lattice need not be that of the image.
public struct Mask: Sendable, Equatable {
  /// Zero where the image is left out.
  public var voxels: VoxelBuffer<UInt8>
  /// Where the mask's voxels lie.
  public var space: PhysicalSpace

  /// A mask at a place.
  public init(voxels: VoxelBuffer<UInt8>, space: PhysicalSpace) {
    precondition(voxels.extent.rank == space.rank, "a mask of rank \(voxels.extent.rank) needs a space of that rank")
    self.voxels = voxels
    self.space = space
  }

  /// This mask on another lattice by the nearest voxel, 1 inside and 0 outside; zero beyond the mask's own lattice. O(voxels).
  ///
  /// - Precondition: the ranks are equal.
  public func resampled(to space: PhysicalSpace, extent: Extent) -> VoxelBuffer<UInt8> {
    precondition(space.rank == self.space.rank, "a mask of rank \(self.space.rank) cannot cover an image of rank \(space.rank)")
    var result = VoxelBuffer<UInt8>(extent: extent)
    let map = IndexMap(from: space.threeAxisForm, to: self.space.threeAxisForm, through: .identity(rank: 3))
    let source = voxels.extent.threeAxisForm
    let target = extent.threeAxisForm
    var offset = 0
    for z in 0..<target[0] {
      for y in 0..<target[1] {
        for x in 0..<target[2] {
          let position = map.position(z: z, y: y, x: x)
          let (i, j, k) = (position.z.rounded(), position.y.rounded(), position.x.rounded())
          if i >= 0, j >= 0, k >= 0, i < Double(source[0]), j < Double(source[1]), k < Double(source[2]) {
            result.elements[offset] = voxels.elements[(Int(i) * source[1] + Int(j)) * source[2] + Int(k)] != 0 ? 1 : 0
          }
          offset += 1
        }
      }
    }
    return result
  }
}
