// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Filtering
internal import Foundation
internal import Grids
public import Volumes

/// Finds the displacement of each fixed voxel that makes the moving image like the fixed one.
///
/// Coarse to fine. Each step gathers, over a Gaussian window about each point, the normal equations of the metric (Lucas and Kanade,
/// IJCAI 1981, with the metric's own residual and curvature), solves them for a displacement, composes it with the field so far
/// (`u ← v + u ∘ (id + v)`) and lightly smooths the whole. Fields live on a lattice of half the level's resolution. Symmetric mode moves
/// both images to a middle, as SyN does, and returns `φ_moving ∘ φ_fixed⁻¹` and its inverse. The result does not fold.
///
/// - Parameters:
///   - fixed: three axes (z, y, x); 2D is one plane, with no displacement along z. Voxels that are not numbers do not count.
///   - moving: on the same lattice.
///   - fixedMask: voxels that count are not 0; `nil`: all.
///   - movingMask: as `fixedMask`, for the moving image.
///   - initial: where to start: displacements in voxels of the lattice, fixed to moving; `nil`: zero.
///   - spacing: distance between voxels along each axis, in any one unit.
///   - isCancelled: asked before each iteration.
///   - progress: told after each iteration.
/// - Throws: `RegistrationError` where an argument is out of range or an image has no contrast, `CancellationError`.
/// - Complexity: O(voxels × iterations); at its peak about 50 bytes a voxel with images and result, symmetric 75.
public func registerDeformable(
  fixed: VoxelBuffer<Float>, moving: VoxelBuffer<Float>, fixedMask: VoxelBuffer<UInt8>? = nil, movingMask: VoxelBuffer<UInt8>? = nil,
  initial: VectorField? = nil, spacing: [Double] = [1, 1, 1], options: DeformableOptions = .normal,
  isCancelled: @Sendable () -> Bool = { false }, progress: ((DeformableProgress) -> Void)? = nil
) throws -> DeformableResult {
  try check(fixed: fixed, moving: moving, fixedMask: fixedMask, movingMask: movingMask, initial: initial, spacing, options)
  let lattice = Lattice(fixed.extent)
  let levels = deformableLevels(
    fixed: try standardised(fixed, mask: fixedMask, name: "fixed", threads: options.threads),
    moving: try standardised(moving, mask: movingMask, name: "moving", threads: options.threads), lattice: lattice, spacing: spacing,
    options: options)
  var fields = DeformableFields(moving: start(levels[0], full: lattice, initial: initial, options.threads), fixed: [])
  fields.fixed = options.symmetric ? [Float](repeating: 0, count: fields.moving.count) : []
  let before = metricAtStart(levels.last!, full: lattice, initial: initial, options)
  var reports: [DeformableLevelReport] = []
  var after = before
  for (index, level) in levels.enumerated() {
    if index > 0 {
      fields.moving = refine(fields.moving, from: levels[index - 1], to: level, options.threads)
      if let initial { addDetail(of: initial, to: &fields.moving, from: levels[index - 1], to: level, full: lattice, options.threads) }
      if options.symmetric { fields.fixed = refine(fields.fixed, from: levels[index - 1], to: level, options.threads) }
    }
    var engine = DeformableEngine(level: level, options: options)
    let limit = options.iterations(finer: levels.count - 1 - index)
    let run = try iterate(&engine, &fields, limit: limit, isCancelled: isCancelled) { iteration, metric in
      progress?(
        DeformableProgress(level: index, levelCount: levels.count, iteration: iteration, iterationLimit: limit, metric: metric))
    }
    reports.append(
      DeformableLevelReport(
        shrinkFactors: level.factors, iterations: run.metrics.count, metricFirst: run.metrics.first ?? 0,
        metricLast: run.metrics.last ?? 0, converged: run.converged))
    if !level.unfold(&fields.moving, threads: options.threads)
      || (options.symmetric && !level.unfold(&fields.fixed, threads: options.threads))
    {
      throw RegistrationError(
        .engineFailure, "the displacement field folds at shrink factors \(level.factors) and smoothing did not open it",
        hint: "raise the smoothing of updates or of the total field")
    }
    if index == levels.count - 1 { after = engine.metric(fields) }
  }
  return try finish(fields, level: levels.last!, full: lattice, options, reports, before: before, after: after)
}

/// Steps until the metric gains no more or the limit is reached.
private func iterate(
  _ engine: inout DeformableEngine, _ fields: inout DeformableFields, limit: Int, isCancelled: @Sendable () -> Bool,
  report: (Int, Double) -> Void
) throws -> (metrics: [Double], converged: Bool) {
  var metrics: [Double] = []
  let window = max(1, engine.options.convergenceWindow)
  for iteration in 0..<max(0, limit) {
    if isCancelled() { throw CancellationError() }
    let (metric, moved) = engine.iterate(&fields)
    metrics.append(metric)
    report(iteration + 1, metric)
    if !moved { return (metrics, true) }
    guard metrics.count > window else { continue }
    let gain = (metric - metrics[metrics.count - 1 - window]) / Double(window)
    if gain <= engine.options.convergenceThreshold * max(abs(metric), 1e-6) { return (metrics, true) }
  }
  return (metrics, false)
}
