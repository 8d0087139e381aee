// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Filtering
internal import Volumes

/// The mean squared difference, less than zero; Gauss-Newton steps.
struct SquaresForces: DeformableForces {
  private(set) var gradientScale = 0.0

  mutating func evaluate(
    fixed: LevelImage, warped: LevelImage, level: DeformableLevel, bothGradients: Bool, equations: inout [Float]?, threads: Int
  ) -> Double {
    let n = level.lattice
    let m = level.fieldLattice
    let g = level.fieldFactors.map(Int32.init)
    let s = level.gradientScales
    var values = equations == nil ? [Float](unwritten: 9 * m.count) : take(&equations!)
    var span = values.mutableSpan
    let score = ckernels_squares_equations(
      fixed.values.span, warped.values.span, fixed.valid.span, warped.valid.span, n.z, n.y, n.x, m.z, m.y, m.x, g[0], g[1], g[2],
      bothGradients ? 1 : 0, &span, s[0], s[1], s[2], Int32(threads))
    if equations != nil { equations = values }
    gradientScale = score.count > 0 ? 2 / score.count : 0
    return score.count > 0 ? -score.sum / score.count : 0
  }
}
