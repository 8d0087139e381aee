// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// The coarse warp as displacements in moving voxels at its own nodes, found by fixed voxel.
struct CoarseNodes {
  private let values: [SIMD4<Float>]
  private let rowZ: SIMD4<Double>
  private let rowY: SIMD4<Double>
  private let rowX: SIMD4<Double>
  private let nz: Int
  private let ny: Int
  private let nx: Int

  init(_ field: DisplacementField, fixedSpace: PhysicalSpace, affine: AffineTransform, moving: PhysicalSpace) {
    let extent = field.vectors.extent
    let toNode = AffineTransform.voxelMap(from: fixedSpace, through: .identity(rank: 3), to: field.space)
    // world displacement d -> affine.matrix · d -> moving voxels.
    let origin = moving.index(of: affine([0, 0, 0]))
    let columns = (0..<3).map { axis in
      let image = moving.index(of: affine((0..<3).map { $0 == axis ? 1 : 0 }))
      return zip(image, origin).map { Float($0 - $1) }
    }
    let vectors = field.vectors
    values = (0..<vectors.z.count).map { i in
      let (dz, dy, dx) = (vectors.z.elements[i], vectors.y.elements[i], vectors.x.elements[i])
      return SIMD4(
        columns[0][0] * dz + columns[1][0] * dy + columns[2][0] * dx, columns[0][1] * dz + columns[1][1] * dy + columns[2][1] * dx,
        columns[0][2] * dz + columns[1][2] * dy + columns[2][2] * dx, 0)
    }
    let rows = zip(toNode.matrix, toNode.offset).map { SIMD4($0[0], $0[1], $0[2], $1) }
    (rowZ, rowY, rowX) = (rows[0], rows[1], rows[2])
    (nz, ny, nx) = (extent[0], extent[1], extent[2])
  }

  func interpolated(_ position: SIMD3<Double>) -> SIMD4<Float> {
    let voxel = SIMD4(position, 1)
    let (iz, fz) = Self.cell((rowZ * voxel).sum(), nz)
    let (iy, fy) = Self.cell((rowY * voxel).sum(), ny)
    let (ix, fx) = Self.cell((rowX * voxel).sum(), nx)
    let stepX = nx > 1 ? 1 : 0
    let stepY = ny > 1 ? nx : 0
    let stepZ = nz > 1 ? nx * ny : 0
    let at = (iz * ny + iy) * nx + ix
    func line(_ at: Int) -> SIMD4<Float> { values[at] + (values[at + stepX] - values[at]) * fx }
    func plane(_ at: Int) -> SIMD4<Float> {
      let low = line(at)
      return low + (line(at + stepY) - low) * fy
    }
    let low = plane(at)
    return low + (plane(at + stepZ) - low) * fz
  }

  private static func cell(_ along: Double, _ count: Int) -> (Int, Float) {
    let clamped = min(max(along, 0), Double(count - 1))
    let cell = min(Int(clamped), max(0, count - 2))
    return (cell, Float(clamped - Double(cell)))
  }
}
