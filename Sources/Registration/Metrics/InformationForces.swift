// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Filtering
internal import Foundation

/// Mutual information by Mattes et al. (IEEE TMI 22, 2003): box bins for the fixed intensities, cubic B-splines for the moving ones.
///
/// A voxel's force is the derivative by its intensity, times the spread of moving intensities that one fixed intensity leaves: near a
/// match that is the difference from the expected intensity, and the step a Gauss-Newton step.
struct InformationForces: DeformableForces {
  let bins: Int
  private(set) var gradientScale = 0.0

  init(bins: Int) { self.bins = max(4, bins) }

  struct Range {
    let low: Float
    let scale: Float

    init(of image: LevelImage, bins: Int) {
      var low = Float.infinity
      var high = -Float.infinity
      for i in image.values.indices where image.valid[i] != 0 {
        low = min(low, image.values[i])
        high = max(high, image.values[i])
      }
      // Images are centred and scaled to variance 1: a few far voxels do not squeeze the rest into one bin.
      low = max(low, -5)
      high = min(high, 5)
      self.low = low.isFinite ? low : 0
      scale = high > low ? Float(bins - 1) / (high - low) : 1
    }
  }

  mutating func evaluate(
    fixed: LevelImage, warped: LevelImage, level: DeformableLevel, bothGradients: Bool, equations: inout [Float]?, threads: Int
  ) -> Double {
    let ranges = (fixed: Range(of: fixed, bins: bins), moving: Range(of: warped, bins: bins))
    let forward = histogram(fixed, ranges.fixed, warped, ranges.moving, threads)
    guard equations != nil else { return forward.information }
    let gain = forward.conditionalVariance / Double(ranges.moving.scale * ranges.moving.scale)
    gradientScale = forward.total > 0 ? 1 / (forward.total * gain) : 0
    var reverseTable = forward.logarithms
    var reverseGain = gain
    if bothGradients {
      let reverse = histogram(warped, ranges.moving, fixed, ranges.fixed, threads)
      reverseTable = reverse.logarithms
      reverseGain = reverse.conditionalVariance / Double(ranges.fixed.scale * ranges.fixed.scale)
    }
    let n = level.lattice
    let m = level.fieldLattice
    let g = level.fieldFactors.map(Int32.init)
    let s = level.gradientScales
    var span = equations!.mutableSpan
    ckernels_information_equations(
      fixed.values.span, warped.values.span, fixed.valid.span, warped.valid.span, n.z, n.y, n.x, m.z, m.y, m.x, g[0], g[1], g[2], bins,
      ranges.fixed.low, ranges.fixed.scale, ranges.moving.low, ranges.moving.scale, forward.logarithms.span, Float(gain),
      reverseTable.span, Float(reverseGain), bothGradients ? 1 : 0, &span, s[0], s[1], s[2], Int32(threads))
    return forward.information
  }

  /// The joint histogram, its rows by the first image.
  private func histogram(_ rows: LevelImage, _ rowRange: Range, _ columns: LevelImage, _ columnRange: Range, _ threads: Int)
    -> JointHistogram
  {
    var cells = [Double](repeating: 0, count: bins * (bins + 3))
    var span = cells.mutableSpan
    ckernels_joint_histogram(
      rows.values.span, columns.values.span, rows.valid.span, columns.valid.span, bins, rowRange.low, rowRange.scale, columnRange.low,
      columnRange.scale, &span, Int32(threads))
    return JointHistogram(cells: cells, rows: bins, columns: bins + 3)
  }
}

/// Counts of pairs of bins, and what follows from them.
struct JointHistogram {
  let rows: Int
  let columns: Int
  /// How many pairs.
  let total: Double
  /// Probabilities of pairs, rows, columns.
  let joint: [Double]
  let row: [Double]
  let column: [Double]

  init(cells: [Double], rows: Int, columns: Int) {
    self.rows = rows
    self.columns = columns
    total = cells.reduce(0, +)
    let scale = total > 0 ? 1 / total : 0
    joint = cells.map { $0 * scale }
    var row = [Double](repeating: 0, count: rows)
    var column = [Double](repeating: 0, count: columns)
    for r in 0..<rows {
      for c in 0..<columns {
        row[r] += joint[r * columns + c]
        column[c] += joint[r * columns + c]
      }
    }
    self.row = row
    self.column = column
  }

  /// Mutual information in nats.
  var information: Double {
    var sum = 0.0
    for r in 0..<rows {
      for c in 0..<columns {
        let p = joint[r * columns + c]
        if p > 0 { sum += p * log(p / (row[r] * column[c])) }
      }
    }
    return sum
  }

  /// log p(moving bin | fixed bin) / p(moving bin), the derivative of the information by a count; empty cells are floored.
  var logarithms: [Float] {
    let least = 1e-7
    return (0..<rows * columns).map { i in
      let expected = column[i % columns]
      return expected > least ? Float(log(max(joint[i], least * max(row[i / columns], 1e-3)) / expected)) : 0
    }
  }

  /// The mean variance of the moving bin where the fixed bin is known, in squared bins, less the B-spline's own.
  var conditionalVariance: Double {
    var sum = 0.0
    for r in 0..<rows where row[r] > 0 {
      var mean = 0.0
      var square = 0.0
      for c in 0..<columns {
        let p = joint[r * columns + c]
        mean += p * Double(c)
        square += p * Double(c * c)
      }
      sum += square - mean * mean / row[r]
    }
    return max(0.1, sum - 1.0 / 3.0)
  }
}
