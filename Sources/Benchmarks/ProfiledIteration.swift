// SPDX-License-Identifier: Apache-2.0

import CKernels
import Filtering
import Foundation
import Weft

/// One iteration of the deformable engine at full resolution (local correlation of radius 2, gradients of both images), taken apart: the
/// kernels in the engine's order, on the data that they meet there.
struct ProfiledIteration {
  let n: Lattice
  /// The field's lattice: cells of 2³ voxels.
  let m: Lattice
  let threads: Int32
  private let fixed: [Float]
  private let fixedValid: [UInt8]
  /// Not a number where a voxel does not count.
  private let moving: [Float]
  private var field: [Float]
  private var warped: [Float]
  private var warpedValid: [UInt8]
  private var coefficients: [Float]
  private var equations: [Float]
  private var step: [Float]
  private var composed: [Float]

  /// Of a pair, and of the displacement that was found for it.
  init(_ pair: EnginePair, found: SampledField, threads: Int) {
    n = Lattice(pair.fixed.extent)
    m = Lattice(found.vectors.extent)
    self.threads = Int32(threads)
    func standardised(_ image: VoxelBuffer<Float>, _ mask: VoxelBuffer<UInt8>) -> (values: [Float], valid: [UInt8]) {
      let moments = Moments(of: image, mask: mask, threads: threads)
      return normalised(image, mask: mask, shift: Float(moments.mean), scale: Float(1 / moments.variance.squareRoot()), threads: threads)
    }
    (fixed, fixedValid) = standardised(pair.fixed.voxels, VoxelBuffer(extent: pair.fixed.extent, repeating: 1))
    let other = standardised(pair.warped, pair.valid)
    moving = zip(other.values, other.valid).map { $1 != 0 ? $0 : .nan }
    field = found.vectors.packed()
    warped = [Float](repeating: 0, count: n.count)
    warpedValid = [UInt8](repeating: 0, count: n.count)
    coefficients = [Float](repeating: 0, count: 7 * m.count)
    equations = [Float](repeating: 0, count: 9 * m.count)
    step = [Float](repeating: 0, count: 3 * m.count)
    composed = step
  }

  mutating func warp() {
    var (values, valid) = (take(&warped), take(&warpedValid))
    var valueSpan = values.mutableSpan
    var validSpan = valid.mutableSpan
    ckernels_warp(moving.span, n.z, n.y, n.x, field.span, m.z, m.y, m.x, 2, 2, 2, 1, 1, 1, &valueSpan, &validSpan, threads)
    (warped, warpedValid) = (values, valid)
  }

  mutating func correlate() {
    var target = take(&coefficients)
    var span = target.mutableSpan
    _ = ckernels_correlation_coefficients(
      fixed.span, warped.span, fixedValid.span, warpedValid.span, n.z, n.y, n.x, m.z, m.y, m.x, 2, 2, 2, 1, 1, 1, 3e-3, 0, &span, threads)
    coefficients = target
  }

  mutating func equate() {
    var target = take(&equations)
    var span = target.mutableSpan
    ckernels_correlation_equations(
      fixed.span, warped.span, fixedValid.span, warpedValid.span, n.z, n.y, n.x, m.z, m.y, m.x, 2, 2, 2, 1, 1, 1, coefficients.span,
      &span, 1, 1, 1, threads)
    equations = target
  }

  mutating func gather() { smooth(&equations, components: 9, lattice: m, sigma: Self.cells(Self.updateSigma), threads: Int(threads)) }

  mutating func solve() {
    var traces = [0.0, 0.0]
    var sums = traces.mutableSpan
    ckernels_trace(equations.span, m.count, &sums, threads)
    let damping = Float(DeformableOptions.normal.damping * traces[0] / Double(3 * m.count))
    var target = take(&step)
    var span = target.mutableSpan
    _ = ckernels_solve(equations.span, &span, m.count, damping, Float(DeformableOptions.normal.maximumStep), 1, 1, 1, threads)
    step = target
  }

  mutating func compose() {
    var target = take(&composed)
    var span = target.mutableSpan
    ckernels_compose(field.span, step.span, &span, m.z, m.y, m.x, 0.5, 0.5, 0.5, threads)
    composed = target
  }

  /// Smooths the composed field; the next round begins with the field that was found.
  mutating func smoothField() {
    smooth(&composed, components: 3, lattice: m, sigma: Self.cells(Self.totalSigma), border: .linear, threads: Int(threads))
  }

  /// The engine goes by the noise, the step over 1.5 to 3 voxels and the field over 0.6 to 2: here the most.
  static let updateSigma = 3.0
  static let totalSigma = 2.0

  private static func cells(_ sigma: Double) -> [Double] { [sigma / 2, sigma / 2, sigma / 2] }
}
