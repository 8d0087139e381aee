// SPDX-License-Identifier: Apache-2.0

public import Volumes

extension AffineTransform {
  /// The map from voxels of one lattice, through a map of the world, to voxels of another.
  public static func voxelMap(from: PhysicalSpace, through affine: AffineTransform, to: PhysicalSpace) -> AffineTransform {
    let rank = from.rank
    let offset = to.index(of: affine(from.world(of: [Double](repeating: 0, count: rank))))
    let columns = (0..<rank).map { axis in
      zip(to.index(of: affine(from.world(of: (0..<rank).map { $0 == axis ? 1 : 0 }))), offset).map(-)
    }
    return AffineTransform(matrix: (0..<rank).map { row in (0..<rank).map { columns[$0][row] } }, offset: offset)
  }
}
