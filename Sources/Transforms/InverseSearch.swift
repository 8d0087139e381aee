// SPDX-License-Identifier: Apache-2.0

/// The search for the places that a map near the identity brings to targets; all that is inverted is inverted by it.
///
/// By fixed-point iteration `x ← x − (T(x) − y)` (Chen et al., A simple fixed-point approach to invert a deformation field, Med. Phys. 35,
/// 2008), and where that does not settle, since the map changes too fast there, by Newton's method with derivatives from differences, its
/// steps bounded. Each place is found by itself: what is sought beside it changes nothing.
package struct InverseSearch: Sendable {
  /// How near is near enough, in the map's unit.
  package let tolerance: Double
  /// The length of a voxel, by which steps are bounded, in the map's unit.
  package let voxel: Double

  private static let fixedPointRounds = 40
  private static let newtonRounds = 30
  /// What lies farther off is no place: numbers end there, and nothing is searched for.
  private static let farthest = 1e15

  package init(tolerance: Double, voxel: Double) { (self.tolerance, self.voxel) = (tolerance, voxel) }

  /// The place found, and how far from `target` the map brings it.
  package func place(
    mappedTo target: SIMD3<Double>, from start: SIMD3<Double>, by map: (SIMD3<Double>) -> SIMD3<Double>
  ) -> (place: SIMD3<Double>, residual: Double) {
    var way = Way(to: target, from: start)
    while goesOn(&way, map(way.asked)) {}
    return (way.best, way.residual)
  }

  /// The same for many places at once, as a map wants it that is read from a disk; what is nowhere stays where it starts, infinitely far
  /// from its target.
  ///
  /// - Throws: what the map throws.
  package func places(
    mappedTo targets: [SIMD3<Double>], from starts: [SIMD3<Double>], by map: any PointMap
  ) throws -> (places: [SIMD3<Double>], residuals: [Double]) {
    var ways = zip(targets, starts).map { Way(to: $0, from: $1) }
    var active = ways.indices.filter { i in
      (0..<3).allSatisfy { abs(targets[i][$0]) < Self.farthest && abs(starts[i][$0]) < Self.farthest }
    }
    while !active.isEmpty {
      var moved = active.map { ways[$0].asked }
      try map.move(&moved)
      var left: [Int] = []
      for (i, there) in zip(active, moved) where goesOn(&ways[i], there) { left.append(i) }
      active = left
    }
    return (ways.map(\.best), ways.map(\.residual))
  }

  /// One search on its way.
  private struct Way {
    let target: SIMD3<Double>
    /// Where the map is asked next: at `place`, or beside it for the derivative along `axis`.
    var asked: SIMD3<Double>
    var axis: Int?
    var place: SIMD3<Double>
    /// By how much the map misses from `place`, and its derivatives there along z and y.
    var error = SIMD3<Double>()
    var columns = (SIMD3<Double>(), SIMD3<Double>())
    var round = 0
    var best: SIMD3<Double>
    var residual = Double.infinity

    init(to target: SIMD3<Double>, from start: SIMD3<Double>) {
      (self.target, asked, place, best) = (target, start, start, start)
    }
  }

  /// Takes in where the map leads from the place that it was asked at.
  ///
  /// - Returns: whether it is to be asked again.
  private func goesOn(_ way: inout Way, _ there: SIMD3<Double>) -> Bool {
    let error = there - way.target
    if let axis = way.axis {
      differentiated(&way, axis, (error - way.error) / step)
      return true
    }
    let residual = (error * error).sum().squareRoot()
    if residual < way.residual { (way.best, way.residual) = (way.place, residual) }
    way.round += 1
    if residual <= tolerance || !residual.isFinite || way.round == Self.fixedPointRounds + Self.newtonRounds { return false }
    if way.round < Self.fixedPointRounds {
      way.place -= error
      way.asked = way.place
    } else if way.round == Self.fixedPointRounds {
      way.place = way.best
      way.asked = way.place
    } else {
      way.error = error
      ask(&way, beside: 0)
    }
    return true
  }

  /// How far beside a place derivatives are looked for.
  private var step: Double { 0.05 * voxel }

  private func ask(_ way: inout Way, beside axis: Int) {
    way.axis = axis
    way.asked = way.place
    way.asked[axis] += step
  }

  /// Takes in the derivative along an axis; the last one makes a step.
  private func differentiated(_ way: inout Way, _ axis: Int, _ column: SIMD3<Double>) {
    switch axis {
    case 0: way.columns.0 = column
    case 1: way.columns.1 = column
    default:
      way.place -= newtonStep(way.columns.0, way.columns.1, column, way.error)
      way.asked = way.place
      way.axis = nil
      return
    }
    ask(&way, beside: axis + 1)
  }

  /// What to go back by for an error to vanish, with the derivatives along each axis; no further than two voxels.
  private func newtonStep(
    _ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>, _ error: SIMD3<Double>
  ) -> SIMD3<Double> {
    let determinant = (a * cross(b, c)).sum()
    var step = error
    if abs(determinant) > 1e-6 {
      step = SIMD3((error * cross(b, c)).sum(), (a * cross(error, c)).sum(), (a * cross(b, error)).sum()) / determinant
    }
    let length = (step * step).sum().squareRoot()
    return length > 2 * voxel ? step * (2 * voxel / length) : step
  }
}

private func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
}
