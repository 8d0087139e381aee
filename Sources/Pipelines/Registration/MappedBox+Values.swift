// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Transforms
internal import Volumes

extension MappedBox {
  /// The moving image at every mapped position, zero outside it, and 1 where that lies inside.
  ///
  /// - Parameters:
  ///   - moving: voxels of the moving lattice inside `box`.
  ///   - box: where `moving` lies in the moving lattice.
  func values(
    of moving: VoxelBuffer<Float>, at box: Box, interpolation: OutputInterpolation, threads: Int
  ) -> (values: VoxelBuffer<Float>, valid: VoxelBuffer<UInt8>) {
    resampled(moving, at: positions(from: box.lower), interpolation: interpolation.filter, threads: threads)
  }

  /// The positions counted from another voxel of the moving lattice.
  func positions(from origin: [Int]) -> VectorField {
    func shifted(_ component: VoxelBuffer<Float>, by offset: Float) -> VoxelBuffer<Float> {
      offset == 0 ? component : component.mapVoxels { $0 + offset }
    }
    return VectorField(
      z: shifted(positions.z, by: Float(base[0] - origin[0])), y: shifted(positions.y, by: Float(base[1] - origin[1])),
      x: shifted(positions.x, by: Float(base[2] - origin[2])))
  }

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
