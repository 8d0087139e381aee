// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Transforms
internal import Volumes

extension MappedBox {
  /// The determinant of the map's Jacobian at each voxel of `box` (which was mapped), in moving voxels a fixed voxel.
  func jacobianDeterminants(over box: Box) -> VoxelBuffer<Float> {
    var displacement = positions
    var offset = 0
    for z in 0..<box.extent[0] {
      for y in 0..<box.extent[1] {
        for x in 0..<box.extent[2] {
          displacement.z.elements[offset] -= Float(z)
          displacement.y.elements[offset] -= Float(y)
          displacement.x.elements[offset] -= Float(x)
          offset += 1
        }
      }
    }
    return jacobianDeterminant(of: displacement)
  }
}

extension OutputInterpolation {
  var filter: Interpolation {
    switch self {
    case .linear: .linear
    case .nearest: .nearest
    case .cubic: .cubic
    }
  }

  /// How many voxels beyond the cell an interpolation reads.
  var margin: Int { self == .cubic ? 2 : 1 }
}
