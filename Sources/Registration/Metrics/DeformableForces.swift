// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Filtering

/// The metric's value and, where asked for, the normal equations of its step.
///
/// Equations are nine lattices of the field: the gradient (z, y, x), ascending, and the curvature (zz, yy, xx, zy, zx, yx), by a
/// displacement in units of length of the moving side, each summed over the voxels of a cell.
protocol DeformableForces {
  /// Evaluates the metric of `fixed` and `warped`.
  ///
  /// - Returns: the value, more is better; 0 where nothing overlaps.
  mutating func evaluate(
    fixed: LevelImage, warped: LevelImage, level: DeformableLevel, equations: inout [Float]?, threads: Int
  ) -> Double
}

extension DeformableMetric {
  func forces(_ options: DeformableOptions) -> any DeformableForces {
    switch self {
    case .lncc(let radius): CorrelationForces(radius: radius, floor: options.varianceFloor)
    case .mutualInformation(let bins): InformationForces(bins: bins)
    case .meanSquares: SquaresForces()
    }
  }
}
