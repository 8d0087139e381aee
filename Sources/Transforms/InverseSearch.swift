// SPDX-License-Identifier: Apache-2.0

/// The search for the place that a map near the identity brings to a target.
///
/// By fixed-point iteration `x ← x − (T(x) − y)` (Chen et al., A simple fixed-point approach to invert a deformation field, Med. Phys. 35,
/// 2008), and where that does not settle, since the map changes too fast there, by Newton's method with derivatives from differences, its
/// steps bounded.
struct InverseSearch {
  /// How near is near enough.
  let tolerance: Double
  let map: (SIMD3<Double>) -> SIMD3<Double>

  private static let fixedPointRounds = 40
  private static let newtonRounds = 30

  /// The place found, and how far from `target` it is brought.
  func place(mappedTo target: SIMD3<Double>, from start: SIMD3<Double>) -> (place: SIMD3<Double>, residual: Double) {
    var best = (place: start, residual: Double.infinity)
    var x = start
    for round in 0..<Self.fixedPointRounds + Self.newtonRounds {
      if round == Self.fixedPointRounds { x = best.place }
      let error = map(x) - target
      let residual = (error * error).sum().squareRoot()
      if residual < best.residual { best = (x, residual) }
      if residual <= tolerance { break }
      x -= round < Self.fixedPointRounds ? error : newtonStep(at: x, error, target)
    }
    return best
  }

  private func newtonStep(at x: SIMD3<Double>, _ error: SIMD3<Double>, _ target: SIMD3<Double>) -> SIMD3<Double> {
    let step = 0.05
    let columns = (0..<3).map { axis in
      var place = x
      place[axis] += step
      return (map(place) - target - error) / step
    }
    return InverseMap.newtonStep(columns, error, atMost: 2)
  }
}
