// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Filtering
internal import Volumes

/// Squared local correlation (Avants et al., Medical Image Analysis 12, 2008) with its exact derivative by the warped intensities, and
/// the Gauss-Newton curvature of two windows scaled to length 1.
struct CorrelationForces: DeformableForces {
  let radius: Int
  /// Added to a window's variance, relative to the level's.
  let floor: Double
  /// Whether windows of negative correlation take part.
  let anySign: Bool
  private(set) var gradientScale = 0.0
  private var coefficients: [Float] = []

  init(radius: Int, floor: Double, anySign: Bool) {
    self.radius = radius
    self.floor = floor
    self.anySign = anySign
  }

  mutating func evaluate(
    fixed: LevelImage, warped: LevelImage, level: DeformableLevel, bothGradients: Bool, equations: inout [Float]?, threads: Int
  ) -> Double {
    let n = level.lattice
    let m = level.fieldLattice
    let g = level.fieldFactors.map(Int32.init)
    let r = level.windowRadii(radius).map(Int32.init)
    let count = (bothGradients ? 7 : 4) * m.count
    if coefficients.count != count { coefficients = [Float](unwritten: count) }
    var taken = take(&coefficients)
    defer { coefficients = taken }
    var target = taken.mutableSpan
    let score = ckernels_correlation_coefficients(
      fixed.values.span, warped.values.span, fixed.valid.span, warped.valid.span, n.z, n.y, n.x, m.z, m.y, m.x, g[0], g[1], g[2], r[0],
      r[1], r[2], Float(floor), anySign ? 1 : 0, &target, Int32(threads))
    if equations != nil {
      gradientScale = score.count > 0 ? 1 / score.count : 0
      let s = level.gradientScales
      var span = equations!.mutableSpan
      ckernels_correlation_equations(
        fixed.values.span, warped.values.span, fixed.valid.span, warped.valid.span, n.z, n.y, n.x, m.z, m.y, m.x, g[0], g[1], g[2], r[0],
        r[1], r[2], taken.span, &span, s[0], s[1], s[2], Int32(threads))
    }
    return score.count > 0 ? score.sum / score.count : 0
  }
}

extension DeformableLevel {
  /// Radii, in cells of the field's lattice, of windows of about `2 radius + 1` voxels: 6 voxels for a radius of 2 where cells have two.
  func windowRadii(_ radius: Int) -> [Int] {
    zip(fieldFactors, fieldLattice.lengths).map { factor, length in
      min(factor == 1 ? radius : max(1, (radius + 1) / 2), length - 1)
    }
  }
}
