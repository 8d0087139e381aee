// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
package import Volumes

/// The metric's value and, where asked for, the normal equations of its step.
///
/// Equations are nine lattices of the field: the gradient (z, y, x), ascending, and the curvature (zz, yy, xx, zy, zx, yx), by a
/// displacement in units of length of the moving side, each summed over the voxels of a cell.
protocol DeformableForces: Sendable {
  /// After an evaluation with equations: what turns their gradient, summed, into the derivative of the value.
  var gradientScale: Double { get }

  /// Evaluates the metric of `fixed` and `warped`.
  ///
  /// - Parameters:
  ///   - bothGradients: whether the equations are the mean of what the gradients of both images say, not the warped one's alone.
  ///   - equations: overwritten; `nil` where they are not wanted.
  /// - Returns: the value, more is better; 0 where nothing overlaps.
  mutating func evaluate(
    fixed: LevelImage, warped: LevelImage, level: DeformableLevel, bothGradients: Bool, equations: inout [Float]?, threads: Int
  ) -> Double
}

extension DeformableMetric {
  /// - Parameter isPlane: whether the images have one plane.
  func forces(_ options: DeformableOptions, isPlane: Bool) -> any DeformableForces {
    switch self {
    case .lncc(let radius, let anySign):
      CorrelationForces(
        radius: isPlane ? 2 * radius : radius, floor: options.varianceFloor ?? (isPlane ? 0.25 : 3e-3), anySign: anySign)
    case .mutualInformation(let bins): InformationForces(bins: bins)
    case .meanSquares: SquaresForces()
    }
  }
}

/// A metric's value for two images of one lattice, and its derivative by a displacement of each voxel of the second; to test against
/// finite differences. Where the field's lattice is coarser, the derivative is by a displacement of all voxels of a cell.
package func metricDerivative(
  _ metric: DeformableMetric, fixed: VoxelBuffer<Float>, warped: VoxelBuffer<Float>, fieldFactors: [Int] = [1, 1, 1],
  options: DeformableOptions = .normal
) -> (value: Double, derivative: VectorField) {
  let lattice = Lattice(fixed.extent)
  let valid = [UInt8](repeating: 1, count: fixed.count)
  let level = DeformableLevel(
    factors: [1, 1, 1], lattice: lattice, fieldFactors: fieldFactors, fieldLattice: lattice.dividedRoundingUp(by: fieldFactors),
    spacing: [1, 1, 1], fullSpacing: [1, 1, 1],
    fixed: LevelImage(values: fixed.elements, valid: valid), moving: LevelImage(values: warped.elements, valid: valid))
  var forces = metric.forces(options, isPlane: fixed.extent[0] == 1)
  var equations: [Float]? = [Float](repeating: 0, count: 9 * level.fieldLattice.count)
  let value = forces.evaluate(
    fixed: level.fixed, warped: level.moving, level: level, bothGradients: false, equations: &equations, threads: 1)
  let scale = Float(forces.gradientScale)
  let gradient = equations!.prefix(3 * level.fieldLattice.count).map { $0 * scale }
  return (value, VectorField(packed: gradient, extent: fixed.extent.dividedRoundingUp(by: Extent(fieldFactors))))
}
