// SPDX-License-Identifier: Apache-2.0

import Filtering

/// A kernel of the iteration, and what it cannot do without, a voxel of the image.
///
/// Counted by hand in Sources/CKernels, for cells of 2³ voxels, so that an element of the field's lattice weighs an eighth:
/// - Bytes: each array that a kernel reads or writes once, 4 bytes a number and 1 a validity, however often it comes back from the
///   cache; a smoothing goes over its array once an axis. Lines that are read because they are written to are not counted, as they are not
///   in the measured bandwidth.
/// - Operations: additions, multiplications, divisions, roots, minima, comparisons and conversions of floats, each one, as the loops of
///   voxels have them; what neighbouring tiles do twice is not counted.
struct KernelCosts: Sendable {
  let name: String
  let bytes: Double
  let operations: Double
  let run: @Sendable (inout ProfiledIteration) -> Void

  static let all = [
    // In: image 4, field 3·4/8. Out: value 4, validity 1.
    // Field to voxels: 3 along x and 9/2 for its row, of 3 components: 22.5. Positions 9, clamps 6, fractions 6, seven interpolations of 3:
    // 21, inside and not a number: 8.
    KernelCosts(name: "warp", bytes: 4 + 1.5 + 5, operations: 22.5 + 9 + 6 + 6 + 21 + 8) { $0.warp() },
    // In: two images 8, validities 2. Out: 7 coefficients.
    // A voxel: 3 products, 5 sums. A cell: 6 to fold along x, 6 sums of 3 cells along 3 axes: 36, means, variances and coefficients: 40.
    KernelCosts(name: "correlation windows", bytes: 8 + 2 + 28.0 / 8, operations: 8 + (6 + 36 + 40.0) / 8) { $0.correlate() },
    // In: two images 8, validities 2, 7 coefficients. Out: 9 equations.
    // A cell: 7 sums of 3 cells along 3 axes: 42; to fold: 9, of 2 voxels along x a mean each: 18. A voxel: forces 16; of each image the
    // gradient 6 (choices beside voxels that do not count left out) and the 9 sums of its products: 21; a sign 1.
    KernelCosts(name: "equations", bytes: 10 + (28 + 36.0) / 8, operations: 16 + 2 * (6 + 21) + 1 + (42 + 9 + 18.0) / 8) { $0.equate() },
    smoothing("gather (smooth equations)", components: 9, sigma: ProfiledIteration.updateSigma) { $0.gather() },
    // In: 3 equations for the traces, then 9. Out: the step. A cell: traces 5; LDLᵀ and the limit of the step 58.
    KernelCosts(name: "solve", bytes: (12 + 36 + 12.0) / 8, operations: (5 + 58.0) / 8) { $0.solve() },
    // In: step and field. Out: the new field. A cell: positions 7, clamps 6, fractions 6, three times seven interpolations: 63,
    // sums 3.
    KernelCosts(name: "compose", bytes: 36.0 / 8, operations: (7 + 6 + 6 + 63 + 3.0) / 8) { $0.compose() },
    smoothing("field smoothing", components: 3, sigma: ProfiledIteration.totalSigma) { $0.smoothField() },
  ]

  /// A Gaussian along three axes: read and written once each; 1 operation for the centre and 3 for each pair of taps.
  private static func smoothing(
    _ name: String, components: Int, sigma: Double, _ run: @escaping @Sendable (inout ProfiledIteration) -> Void
  ) -> KernelCosts {
    let pairs = gaussianTaps(sigma: sigma / 2).count - 1
    let elements = 3 * Double(components) / 8
    return KernelCosts(name: name, bytes: 8 * elements, operations: Double(1 + 3 * pairs) * elements, run: run)
  }
}
