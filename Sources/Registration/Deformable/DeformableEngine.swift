// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Filtering
internal import Foundation
internal import Volumes

/// The steps at one level: forces, gathered over a Gaussian, solved for a displacement at each point of the field's lattice, composed.
///
/// Fields are packed (z, y, x) on the level's field lattice, in voxels of the full lattice.
struct DeformableEngine {
  let level: DeformableLevel
  let options: DeformableOptions
  private let smoothing: (update: Double, total: Double)
  private var forces: any DeformableForces
  private var equations: [Float]?
  private var step: [Float]
  private var spare: [Float]
  private var warpedMoving: LevelImage
  private var warpedFixed: LevelImage?

  init(level: DeformableLevel, options: DeformableOptions) {
    self.level = level
    self.options = options
    let cells = level.fieldLattice.count
    smoothing = level.smoothing(options)
    forces = options.metric.forces(options, isPlane: level.lattice.z == 1)
    equations = [Float](unwritten: 9 * cells)
    step = [Float](unwritten: 3 * cells)
    spare = [Float](unwritten: 3 * cells)
    warpedMoving = LevelImage(unwritten: level.lattice)
    if options.symmetric { warpedFixed = LevelImage(unwritten: level.lattice) }
  }

  /// Takes one step; returns the metric before it, and whether there was anything to go by.
  mutating func iterate(_ fields: inout DeformableFields) -> (metric: Double, moved: Bool) {
    let threads = options.threads
    let metric = gather(fields)
    smooth(
      &equations!, components: 9, lattice: level.fieldLattice, sigma: level.fieldSigma(smoothing.update),
      threads: threads)
    let cells = level.fieldLattice.count
    var traces = [0.0, 0.0]
    var span = traces.mutableSpan
    ckernels_trace(equations!.span, cells, &span, Int32(threads))
    let mean = traces[0] / Double(cells)
    guard mean.isFinite, mean > 1e-30 else { return (metric, false) }
    solve(damping: Float(options.damping * mean / 3), share: options.symmetric ? 0.5 : 1)
    advance(&fields.moving)
    if options.symmetric {
      for i in step.indices { step[i] = -step[i] }
      advance(&fields.fixed)
    }
    return (metric, true)
  }

  /// The metric of the fields as they are.
  mutating func metric(_ fields: DeformableFields) -> Double {
    warp(fields)
    var none: [Float]?
    return forces.evaluate(
      fixed: warpedFixed ?? level.fixed, warped: warpedMoving, level: level, bothGradients: false, equations: &none,
      threads: options.threads)
  }

  private mutating func warp(_ fields: DeformableFields) {
    level.warp(level.moving, by: fields.moving, into: &warpedMoving, threads: options.threads)
    if warpedFixed != nil { level.warp(level.fixed, by: fields.fixed, into: &warpedFixed!, threads: options.threads) }
  }

  private mutating func gather(_ fields: DeformableFields) -> Double {
    warp(fields)
    return forces.evaluate(
      fixed: warpedFixed ?? level.fixed, warped: warpedMoving, level: level, bothGradients: options.symmetric || options.bothGradients,
      equations: &equations, threads: options.threads)
  }

  private mutating func solve(damping: Float, share: Float) {
    let scales = level.stepScales.map { $0 * share }
    var solved = take(&step)
    var span = solved.mutableSpan
    _ = ckernels_solve(
      equations!.span, &span, level.fieldLattice.count, damping, Float(options.maximumStep), scales[0], scales[1], scales[2],
      Int32(options.threads))
    step = solved
  }

  private mutating func advance(_ field: inout [Float]) {
    let m = level.fieldLattice
    let s = level.fieldScales
    var composed = take(&spare)
    var span = composed.mutableSpan
    ckernels_compose(field.span, step.span, &span, m.z, m.y, m.x, s[0], s[1], s[2], Int32(options.threads))
    spare = take(&field)
    // Not a second reference to it: smoothing would copy it.
    field = take(&composed)
    smooth(
      &field, components: 3, lattice: m, sigma: level.fieldSigma(smoothing.total), border: .linear,
      threads: options.threads)
  }
}

/// The array, leaving an empty one: the way to write to one stored array while another is read.
package func take<Element>(_ array: inout [Element]) -> [Element] {
  var taken: [Element] = []
  swap(&taken, &array)
  return taken
}

/// The fields a registration works on, packed: from the fixed lattice (symmetric: from the middle) to each image.
struct DeformableFields {
  var moving: [Float]
  /// Zero unless symmetric.
  var fixed: [Float]
}

extension DeformableLevel {
  /// `image(x + field(x))` on this level's lattice.
  func warp(_ image: LevelImage, by field: [Float], into target: inout LevelImage, threads: Int) {
    let n = lattice
    let m = fieldLattice
    let g = fieldFactors.map(Int32.init)
    let s = imageScales
    var values = take(&target.values)
    var valid = take(&target.valid)
    var valueSpan = values.mutableSpan
    var validSpan = valid.mutableSpan
    ckernels_warp(
      image.values.span, n.z, n.y, n.x, field.span, m.z, m.y, m.x, g[0], g[1], g[2], s[0], s[1], s[2], &valueSpan,
      &validSpan, Int32(threads))
    target = LevelImage(values: values, valid: valid)
  }

  /// Smooths a field where it folds or nearly does, until it does not.
  ///
  /// - Returns: whether every determinant is above the limit.
  func unfold(_ field: inout [Float], threads: Int) -> Bool {
    let m = fieldLattice
    let s = fieldScales
    var determinants = [Float](repeating: 1, count: m.count)
    for _ in 0..<60 {
      var span = determinants.mutableSpan
      ckernels_least_jacobian(field.span, &span, m.z, m.y, m.x, s[0], s[1], s[2], Int32(threads))
      var marks = [Float](repeating: 0, count: m.count)
      var bad = 0
      for i in determinants.indices where !(determinants[i] > 0.05) {
        marks[i] = 1
        bad += 1
      }
      if bad == 0 { return true }
      // The neighbourhood of a fold takes part: smoothing one voxel alone cannot open it.
      smooth(&marks, components: 1, lattice: m, sigma: [1, 1, 1], threads: threads)
      let near = marks.map { $0 > 1e-3 ? UInt8(1) : 0 }
      var relaxed = field
      var target = relaxed.mutableSpan
      ckernels_relax(field.span, near.span, &target, m.z, m.y, m.x, Int32(threads))
      field = relaxed
    }
    return false
  }
}
