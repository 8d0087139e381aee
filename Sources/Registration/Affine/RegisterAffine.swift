// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Foundation
internal import Grids
public import Transforms
public import Volumes

/// Aligns two images by an affine map, from coarse to fine.
///
/// At the coarsest level a translation is found first, then a rigid map, then the affine one, each after the one before; finer levels
/// improve the affine map. Intensities are clipped to their 0.1 and 99.9 percentiles; voxels that are no numbers are masked out. The
/// same bytes everywhere.
///
/// The start is kept, and `note` says why, where the result mirrors, scales beyond `options.largestScale` or agrees no better.
///
/// - Parameters:
///   - initial: the start, fixed world points to moving ones.
/// - Throws: `RegistrationError` where the ranks differ, an image is constant, or the images do not overlap under `initial`.
public func registerAffine(
  fixed: Volume, moving: Volume, fixedMask: Mask? = nil, movingMask: Mask? = nil, initial: Transforms.AffineTransform,
  options: AffineOptions = AffineOptions()
) throws -> AffineResult {
  try requireEqualRanks(fixed, moving, initial: initial)
  if let flat = try FlatPair(fixed: fixed, moving: moving, fixedMask: fixedMask, movingMask: movingMask) {
    let result = try registerAffine(
      fixed: flat.fixed, moving: flat.moving, fixedMask: flat.fixedMask, movingMask: flat.movingMask, initial: initial.lowered(to: 2),
      options: options)
    return result.replacingTransform(flat.lifted(result.transform))
  }
  let run = AffineRun(
    fixed: try PreparedImage(fixed, mask: fixedMask, role: "fixed"),
    moving: try PreparedImage(moving, mask: movingMask, role: "moving"), options: options)
  return try run.result(initial: initial)
}

/// One affine registration.
private struct AffineRun {
  typealias Affine = Transforms.AffineTransform
  let fixed: PreparedImage
  let moving: PreparedImage
  let options: AffineOptions

  func result(initial: Affine) throws -> AffineResult {
    let levels = resolvedLevels
    var current = initial
    var steps: [AffineResult.Step] = []
    var metric = options.metric
    var judge: (fixed: PreparedImage, moving: PreparedImage)?
    for (number, level) in levels.enumerated() {
      let spacing = level.shrink * finestSpacing
      let pair = (
        fixed: fixed.coarsened(toSpacing: spacing).smoothed(voxels: level.smoothing),
        moving: moving.coarsened(toSpacing: spacing).smoothed(voxels: level.smoothing)
      )
      if number == 0 { metric = try startingMetric(pair.fixed, pair.moving, initial) }
      let models = models(isCoarsest: number == 0)
      switch options.engine {
      case .weft:
        // Wide windows see far: the coarsest level, which is to bridge what the start leaves, has them.
        var engine = try AffineEngine(
          fixed: pair.fixed, moving: pair.moving, metric: metric, radius: number == 0 ? 4 : 2, threads: options.threads)
        for model in models {
          let found = engine.optimise(model, iterations: level.iterations, from: current.threeAxisForm)
          current = found.map.lowered(to: initial.rank)
          steps.append(AffineResult.Step(model: model, spacing: spacing, iterations: found.steps, metricValue: -found.score))
        }
      case .itk:
        for model in models {
          let step = optimise(pair.fixed, pair.moving, model: model, metric: metric, level: level, spacing: spacing, from: current)
          try step.status.check("affine alignment")
          current = step.map.transform(rank: initial.rank)
          steps.append(AffineResult.Step(model: model, spacing: spacing, iterations: step.iterations, metricValue: step.metricValue))
        }
      }
      judge = pair
    }
    guard let judge else { throw RegistrationError(.invalidOption, "an affine alignment needs at least one level") }
    func score(_ transform: Affine) -> Double {
      Similarity(fixed: judge.fixed, moving: judge.moving, transform: transform.threeAxisForm).score(metric)
    }
    let (before, found) = (score(initial), score(current))
    let note = refusal(of: current, initial: initial, before: before, after: found)
    return AffineResult(
      transform: note == nil ? current : initial, metric: metric, before: before, after: note == nil ? found : before, steps: steps,
      note: note)
  }

  /// Why the result must not stand; `nil` where it may.
  private func refusal(of found: Affine, initial: Affine, before: Double, after: Double) -> String? {
    let relative = initial.inverse.map { $0.after(found) } ?? found
    if let fault = relative.fault(largestScale: options.largestScale) { return "the affine map \(fault); the start is kept" }
    if after < before {
      return String(format: "the affine map agrees worse (%.4f) than the start (%.4f), which is kept", after, before)
    }
    return nil
  }

  private func optimise(
    _ fixed: PreparedImage, _ moving: PreparedImage, model: AffineOptions.Model, metric: RegistrationMetric,
    level: AffineOptions.Level, spacing: Double, from initial: Affine
  ) -> CITKAffineResult {
    let rank = fixed.rank
    let centre = fixed.space.world(of: (0..<3).map { (Double(fixed.extent[$0]) - 1) / 2 }).suffix(rank) + [0]
    let c = Array(centre)
    let citkOptions = CITKAffineOptions(
      model: model.citk, metric: metric.citk, iterations: level.iterations,
      samplingFraction: min(1, Double(options.samples) / Double(fixed.validCount)), seed: options.seed, maximumStep: spacing,
      minimumStep: 0.01 * spacing, centre: (c[0], c[1], c[2]))
    return citk_affine_register(
      fixed.citkLattice, fixed.values.span, fixed.citkMask.span, moving.citkLattice, moving.values.span, moving.citkMask.span,
      CITKAffineMap(initial), citkOptions)
  }

  /// Simple models first, at the coarsest level.
  private func models(isCoarsest: Bool) -> [AffineOptions.Model] {
    guard isCoarsest else { return [options.model] }
    return switch options.model {
    case .translation: [.translation]
    case .rigid: [.translation, .rigid]
    case .affine: [.translation, .rigid, .affine]
    }
  }

  /// The metric asked for; for `auto` by the correlation at the start. Throws where the images do not overlap there.
  private func startingMetric(_ fixed: PreparedImage, _ moving: PreparedImage, _ initial: Affine) throws -> RegistrationMetric {
    let similarity = Similarity(fixed: fixed, moving: moving, transform: initial.threeAxisForm)
    guard similarity.overlap >= 0.02 else {
      throw RegistrationError(
        .noOverlap, "under the initial transform \(Int((100 * similarity.overlap).rounded())) % of the smaller image overlaps the other",
        hint: "leave the initial transform out, so that a start is searched for, or check spacings, origins and units")
    }
    guard options.metric == .auto else { return options.metric }
    return similarity.correlation >= 0.25 ? .lncc : .mi
  }

  private var finestSpacing: Double { fixed.space.spacing.suffix(fixed.rank).min()! }

  /// Levels of about 30 thousand, 200 thousand and a million voxels, as far as the fixed image has them, coarsest first.
  private var resolvedLevels: [AffineOptions.Level] {
    if let levels = options.levels { return levels }
    let world = Double(fixed.extent.count) * fixed.voxelVolume
    func level(_ voxels: Double, iterations: Int) -> AffineOptions.Level {
      let shrink = pow(world / voxels, 1 / Double(fixed.rank)) / finestSpacing
      return AffineOptions.Level(shrink: max(1, shrink), smoothing: 1, iterations: iterations)
    }
    let sizes = fixed.rank == 2 ? [4_000.0, 30_000, 250_000] : [30_000, 200_000, 1_000_000]
    var levels: [AffineOptions.Level] = []
    for (size, iterations) in zip(sizes, [100, 60, 30]) {
      let next = level(size, iterations: iterations)
      if let last = levels.last, last.shrink < 1.3 * next.shrink { continue }
      levels.append(next)
    }
    return levels
  }
}

extension AffineOptions.Model {
  fileprivate var citk: CITKAffineModel {
    switch self {
    case .translation: CITKAffineModelTranslation
    case .rigid: CITKAffineModelRigid
    case .affine: CITKAffineModelAffine
    }
  }
}
