// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Volumes

/// The coarse warp as displacements in moving voxels at its own nodes, found by fixed voxel; only the nodes that a box needs.
struct CoarseNodes {
  private let values: [SIMD4<Float>]
  /// The nodes held, and how many there are in all.
  private let held: Box
  private let count: SIMD3<Int>
  private let rowZ: SIMD4<Double>
  private let rowY: SIMD4<Double>
  private let rowX: SIMD4<Double>
  private let lower: SIMD3<Int>
  private let last: SIMD3<Int>
  private let strideZ: Int
  private let strideY: Int

  /// - Parameters:
  ///   - box: the fixed voxels that will be asked for.
  ///   - margin: how far beyond the box positions may lie, in voxels.
  init(
    _ field: DisplacementField, fixedSpace: PhysicalSpace, affine: AffineTransform, moving: PhysicalSpace, around box: Box, margin: Double
  ) {
    let extent = field.vectors.extent
    let toNode = AffineTransform.voxelMap(from: fixedSpace, through: .identity(rank: 3), to: field.space)
    let corners = Box(lower: [0, 0, 0], upper: [2, 2, 2]).indices.map { corner in
      toNode((0..<3).map { corner[$0] == 0 ? Double(box.lower[$0]) - margin : Double(box.upper[$0] - 1) + margin })
    }
    func bounded(_ value: Double, _ axis: Int) -> Int { Int(min(max(value, 0), Double(extent[axis] - 1))) }
    held = Box(
      lower: (0..<3).map { axis in bounded(corners.map { $0[axis] }.min()! - 1, axis) },
      upper: (0..<3).map { axis in min(extent[axis], bounded(corners.map { $0[axis] }.max()! + 1, axis) + 2) })
    // world displacement d -> affine.matrix · d -> moving voxels.
    let origin = moving.index(of: affine([0, 0, 0]))
    let columns = (0..<3).map { axis in
      let image = moving.index(of: affine((0..<3).map { $0 == axis ? 1 : 0 }))
      return SIMD4(Float(image[0] - origin[0]), Float(image[1] - origin[1]), Float(image[2] - origin[2]), 0)
    }
    let (z, y, x) = (field.vectors.z.cropped(to: held), field.vectors.y.cropped(to: held), field.vectors.x.cropped(to: held))
    values = (0..<z.count).map { columns[0] * z.elements[$0] + columns[1] * y.elements[$0] + columns[2] * x.elements[$0] }
    let rows = zip(toNode.matrix, toNode.offset).map { SIMD4($0[0], $0[1], $0[2], $1) }
    (rowZ, rowY, rowX) = (rows[0], rows[1], rows[2])
    count = SIMD3(extent[0], extent[1], extent[2])
    lower = SIMD3(held.lower[0], held.lower[1], held.lower[2])
    last = SIMD3(held.extent[0] - 1, held.extent[1] - 1, held.extent[2] - 1)
    (strideZ, strideY) = (held.extent[1] * held.extent[2], held.extent[2])
  }

  /// The nodes as a warp of voxels counted from `lower`.
  func warp(from lower: [Int]) -> NodeWarp {
    let rows = [rowZ, rowY, rowX]
    let toNodes = LinearMap(matrix: rows.flatMap { [$0[0], $0[1], $0[2]] }, offset: rows.map { $0[3] })
    return NodeWarp(
      vectors: (0..<3).flatMap { axis in values.map { $0[axis] } }, extent: held.extent, toNodes: toNodes.from(lower, less: held.lower))
  }

  /// The displacement at a fixed voxel (fractional), z, y, x and an unused fourth.
  func interpolated(_ position: SIMD3<Double>) -> SIMD4<Float> {
    let voxel = SIMD4(position, 1)
    let (z, fz) = cell((rowZ * voxel).sum(), 0)
    let (y, fy) = cell((rowY * voxel).sum(), 1)
    let (x, fx) = cell((rowX * voxel).sum(), 2)
    let stepX = x < last[2] ? 1 : 0
    let stepY = y < last[1] ? strideY : 0
    let stepZ = z < last[0] ? strideZ : 0
    let at = z * strideZ + y * strideY + x
    func line(_ at: Int) -> SIMD4<Float> { values[at] + (values[at + stepX] - values[at]) * fx }
    func plane(_ at: Int) -> SIMD4<Float> {
      let low = line(at)
      return low + (line(at + stepY) - low) * fy
    }
    let low = plane(at)
    return low + (plane(at + stepZ) - low) * fz
  }

  /// The held node before a place along an axis, and how far beyond it the place lies; the border value goes on outside the lattice.
  private func cell(_ along: Double, _ axis: Int) -> (Int, Float) {
    let clamped = min(max(along, 0), Double(count[axis] - 1))
    let cell = min(Int(clamped), max(0, count[axis] - 2))
    return (min(max(cell - lower[axis], 0), last[axis]), Float(clamped - Double(cell)))
  }
}
