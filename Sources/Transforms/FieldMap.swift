// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// A displacement field as a map of points, linear between voxel centres.
public struct FieldMap: PointMap {
  /// What holds beyond the lattice.
  public enum Edge: Sendable {
    /// The nearest value: the map has no jump at the border.
    case nearest
    /// No displacement beyond half a voxel outside the outermost centres, and the nearest value up to there: what ITK and ANTs do.
    case none
  }

  /// The field.
  public let field: DisplacementField
  /// What holds beyond its lattice.
  public let edge: Edge
  private let toIndex: [SIMD3<Double>]
  private let origin: SIMD3<Double>
  private let last: SIMD3<Double>
  private let strides: (z: Int, y: Int)

  /// The map of a field.
  public init(_ field: DisplacementField, edge: Edge) {
    self.field = field
    self.edge = edge
    let (space, extent) = (field.space, field.vectors.extent)
    toIndex = (0..<3).map { axis in
      SIMD3(space.direction[0][axis], space.direction[1][axis], space.direction[2][axis]) / space.spacing[axis]
    }
    origin = SIMD3(space.origin[0], space.origin[1], space.origin[2])
    last = SIMD3(Double(extent[0] - 1), Double(extent[1] - 1), Double(extent[2] - 1))
    strides = (extent[1] * extent[2], extent[2])
  }

  public func move(_ points: inout [SIMD3<Double>]) {
    for i in points.indices { points[i] += displacement(at: points[i]) }
  }

  /// The displacement at a world point, in world units.
  package func displacement(at point: SIMD3<Double>) -> SIMD3<Double> {
    let way = point - origin
    let index = SIMD3((toIndex[0] * way).sum(), (toIndex[1] * way).sum(), (toIndex[2] * way).sum())
    if edge == .none, any(index .< -0.5) || any(index .>= last + 0.5) { return SIMD3() }
    let along = index.clamped(lowerBound: SIMD3(), upperBound: last)
    let cell = along.rounded(.down)
    let fraction = along - cell
    let step = SIMD3<Int>(
      cell[0] < last[0] ? strides.z : 0, cell[1] < last[1] ? strides.y : 0, cell[2] < last[2] ? 1 : 0)
    let start = Int(cell[0]) * strides.z + Int(cell[1]) * strides.y + Int(cell[2])
    let vectors = field.vectors
    func node(_ at: Int) -> SIMD3<Double> {
      SIMD3(Double(vectors.z.elements[at]), Double(vectors.y.elements[at]), Double(vectors.x.elements[at]))
    }
    func line(_ at: Int) -> SIMD3<Double> {
      let low = node(at)
      return low + (node(at + step[2]) - low) * fraction[2]
    }
    func plane(_ at: Int) -> SIMD3<Double> {
      let low = line(at)
      return low + (line(at + step[1]) - low) * fraction[1]
    }
    let low = plane(start)
    return low + (plane(start + step[0]) - low) * fraction[0]
  }
}
