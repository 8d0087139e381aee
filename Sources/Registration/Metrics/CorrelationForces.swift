// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Filtering

/// Squared local correlation (Avants et al., Medical Image Analysis 12, 2008) with its exact derivative by the warped intensities, and
/// the Gauss-Newton curvature of two windows scaled to length 1.
struct CorrelationForces: DeformableForces {
  let radius: Int
  /// Added to a window's variance, relative to the level's.
  let floor: Double
  private(set) var gradientScale = 0.0
  private var coefficients: [Float] = []

  init(radius: Int, floor: Double) {
    self.radius = radius
    self.floor = floor
  }

  mutating func evaluate(
    fixed: LevelImage, warped: LevelImage, level: DeformableLevel, equations: inout [Float]?, threads: Int
  ) -> Double {
    let n = level.lattice
    let m = level.fieldLattice
    let r = n.lengths.map { Int32(min(radius, $0 - 1)) }
    if coefficients.count != 4 * n.count { coefficients = [Float](repeating: 0, count: 4 * n.count) }
    var taken = take(&coefficients)
    defer { coefficients = taken }
    var target = taken.mutableSpan
    let score = ckernels_correlation_coefficients(
      fixed.values.span, warped.values.span, fixed.valid.span, warped.valid.span, n.z, n.y, n.x, r[0], r[1], r[2], Float(floor),
      Float(floor), 0, &target, Int32(threads))
    if equations != nil {
      gradientScale = score.count > 0 ? 1 / score.count : 0
      let g = level.fieldFactors.map(Int32.init)
      let s = level.gradientScales
      var span = equations!.mutableSpan
      ckernels_correlation_equations(
        fixed.values.span, warped.values.span, fixed.valid.span, warped.valid.span, n.z, n.y, n.x, r[0], r[1], r[2],
        taken.span, &span, m.z, m.y, m.x, g[0], g[1], g[2], s[0], s[1], s[2], Int32(threads))
    }
    return score.count > 0 ? score.sum / score.count : 0
  }
}
