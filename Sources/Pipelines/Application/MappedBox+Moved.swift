// SPDX-License-Identifier: Apache-2.0

internal import Transforms
internal import Volumes

extension MappedBox {
  /// The same positions in another lattice.
  func moved(from: PhysicalSpace, to: PhysicalSpace) -> MappedBox {
    let map = AffineTransform.voxelMap(from: from, through: .identity(rank: 3), to: to)
    if map == .identity(rank: 3) { return self }
    let start = map(base.map(Double.init))
    let newBase = start.map { Int(min(max($0, -1e9), 1e9).rounded()) }
    let rows = map.matrix.map { SIMD3($0[0], $0[1], $0[2]) }
    let offset = SIMD3(start[0] - Double(newBase[0]), start[1] - Double(newBase[1]), start[2] - Double(newBase[2]))
    var result = self
    result.base = newBase
    for i in 0..<positions.z.count {
      let old = SIMD3(Double(positions.z.elements[i]), Double(positions.y.elements[i]), Double(positions.x.elements[i]))
      result.positions.z.elements[i] = Float((rows[0] * old).sum() + offset[0])
      result.positions.y.elements[i] = Float((rows[1] * old).sum() + offset[1])
      result.positions.x.elements[i] = Float((rows[2] * old).sum() + offset[2])
    }
    return result
  }
}
