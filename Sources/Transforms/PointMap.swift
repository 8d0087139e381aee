// SPDX-License-Identifier: Apache-2.0

/// A map of world points to world points: what all transforms have in common, whatever file they lie in.
///
/// Points have three axes, z, y, x; 2D ones lie in the plane z = 0.
public protocol PointMap: Sendable {
  /// Sends all points where they go, in place.
  ///
  /// - Throws: where a part of the transform that lies on a disk cannot be read.
  /// - Complexity: O(points) for points that lie close together.
  func move(_ points: inout [SIMD3<Double>]) throws
}

extension PointMap {
  /// Where one point goes, z, y, x (2D: y, x).
  ///
  /// - Throws: as `move`.
  public func moved(_ point: [Double]) throws -> [Double] {
    var points = [point.count == 2 ? SIMD3(0, point[0], point[1]) : SIMD3(point[0], point[1], point[2])]
    try move(&points)
    return Array([points[0][0], points[0][1], points[0][2]].suffix(point.count))
  }
}

extension AffineTransform: PointMap {
  public func move(_ points: inout [SIMD3<Double>]) {
    let map = liftedToThreeAxes()
    let columns = (0..<3).map { SIMD3(map.matrix[0][$0], map.matrix[1][$0], map.matrix[2][$0]) }
    let offset = SIMD3(map.offset[0], map.offset[1], map.offset[2])
    for i in points.indices {
      let point = points[i]
      points[i] = columns[0] * point[0] + columns[1] * point[1] + columns[2] * point[2] + offset
    }
  }
}
