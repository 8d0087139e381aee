// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

extension CoarseStage {
  /// What start, affine step and warp found by one metric.
  struct Alignment {
    var transform: ComposedTransform
    let start: String
    let startScores: [(name: String, score: Double)]
    var quality: CoarseQuality
    let metric: RegistrationMetric
    /// Whether intensities follow each other after the affine step: local correlation is hardly ever negative.
    let isOfOneKind: Bool
    let masks: PairMasks
    var notes: [String] = []
  }

  /// Finds start, affine map and warp. Where the metric is `auto` and intensities follow each other in some places only, by local
  /// correlation and by mutual information; what tells more of the other image stands.
  func align(_ masks: PairMasks) throws -> Alignment {
    let found = try align(masks, by: options.metric)
    guard options.metric == .auto, found.metric == .lncc, !found.isOfOneKind else { return found }
    tell("intensities do not follow each other everywhere: mutual information is tried beside local correlation")
    return try better(found, alternative: { try align(masks, by: .mi) }, by: { information($0.transform, masks.foreground) })
  }

  /// What a first try or an alternative found, whichever scores higher; an alternative that fails is no reason to fail.
  func better(
    _ first: Alignment, alternative: () throws -> Alignment, by score: (Alignment) -> Double
  ) throws -> Alignment {
    do {
      let other = try alternative()
      return score(other) > score(first) ? other : first
    } catch let error where error is RegistrationError || error is PipelineError {
      tell("nothing was found so: \(error)")
      return first
    }
  }

  /// Finds start, affine map and warp by one metric, for `auto` the one that search and affine step choose.
  private func align(_ masks: PairMasks, by wanted: RegistrationMetric) throws -> Alignment {
    let foreground = masks.foreground
    var metric = wanted
    var notes: [String] = []
    let (start, name, scores, searched) = try self.start(masks, metric)
    if metric == .auto, let searched { metric = searched }
    var transform = ComposedTransform(affine: start, coarse: nil, fixedSpace: registration.fixedRegion.space)
    try PairChecks.requireOverlap(
      fixed, moving, under: transform, start: name, paths: (registration.fixed.path, registration.moving.path))
    var found: AffineTransform?
    if options.stages.contains(.affine) {
      let result = try step("affine") {
        try registerAffine(
          fixed: flat(fixed), moving: flat(moving), fixedMask: masks.fixed.map(flat), movingMask: masks.moving.map(flat),
          initial: flat(start),
          options: AffineOptions(options.accuracy, metric, engine: options.engine, threads: threads))
      }
      if let note = result.note { notes.append(note) }
      metric = result.metric
      found = lift(result.transform)
    }
    if metric == .auto { metric = likeness(transform, foreground, .lncc) < 0.05 ? .mi : .lncc }
    let aligned = ComposedTransform(affine: found ?? start, coarse: nil, fixedSpace: transform.fixedSpace)
    let isOfOneKind = likeness(aligned, foreground, .lncc) >= 0.9 * likeness(aligned, foreground, .mi).squareRoot()
    if options.metric == .auto, isOfOneKind { metric = .lncc }
    var quality = CoarseQuality(start: likeness(transform, foreground, metric), affine: nil, warp: nil)
    if let found {
      let candidate = ComposedTransform(affine: found, coarse: nil, fixedSpace: transform.fixedSpace)
      let reached = likeness(candidate, foreground, metric)
      if metric != .mi, reached < quality.start - 0.02 {
        notes.append("the affine map would lower the local correlation; the start stands alone")
      } else {
        quality.affine = reached
        transform = candidate
      }
    }
    if options.stages.contains(.warp) {
      let before = transform
      let (forward, inverse) = try step("warp") { try warp(before.affine, metric, masks) }
      transform.coarse = forward
      transform.coarseInverse = inverse
      quality.warp = likeness(transform, foreground, metric)
      if let warped = quality.warp, warped < likeness(before, foreground, metric) - 0.01 {
        notes.append("the coarse warp did not improve the local correlation; the affine map stands alone")
        transform.coarse = nil
        transform.coarseInverse = nil
        quality.warp = nil
      }
    }
    return Alignment(
      transform: transform, start: name, startScores: scores, quality: quality, metric: metric, isOfOneKind: isOfOneKind,
      masks: masks, notes: notes)
  }

  private func start(
    _ masks: PairMasks, _ metric: RegistrationMetric
  ) throws -> (AffineTransform, String, [(name: String, score: Double)], metric: RegistrationMetric?) {
    if let file = options.initialTransform {
      let read = try readInitialTransform(file, rank: rank, unit: fixed.space.unit)
      return (lift(read), file, [], nil)
    }
    guard options.stages.contains(.affine) else { return (.identity(rank: 3), "identity", [], nil) }
    let result = try step("start") {
      var initialiser = Initialiser()
      initialiser.threads = threads
      return try initialiser.initialise(
        fixed: flat(fixed), moving: flat(moving), fixedMask: masks.fixed.map(flat), movingMask: masks.moving.map(flat), metric: metric)
    }
    let scores = result.scores.map { "\($0.name) \(String(format: "%.3f", $0.score))" }.joined(separator: ", ")
    tell("start: \(result.name) (\(scores))")
    return (lift(result.transform), result.name, result.scores, result.metric)
  }

  private func warp(
    _ affine: AffineTransform, _ metric: RegistrationMetric, _ masks: PairMasks
  ) throws -> (DisplacementField, DisplacementField) {
    switch options.engine {
    case .itk:
      let result = try registerSyN(
        fixed: flat(fixed), moving: flat(moving), fixedMask: masks.fixed.map(flat), movingMask: masks.moving.map(flat),
        initial: flat(affine),
        options: SyNOptions(options.accuracy, metric))
      return (result.forward.lifted(like: fixed.space), result.inverse.lifted(like: fixed.space))
    case .weft:
      let transform = ComposedTransform(affine: affine, coarse: nil, fixedSpace: fixed.space)
      var (warped, valid) = resampled(moving, through: transform)
      if let movingMask = masks.moving { valid = movingMask.inside(fixed.extent.box, through: transform, alsoIn: valid) }
      var settings = DeformableOptions(options.accuracy, metric, isOfMeans: true, threads: threads)
      settings.symmetric = true
      let result = try registerDeformable(
        fixed: fixed.voxels, moving: warped, fixedMask: masks.fixed?.voxels, movingMask: valid, spacing: fixed.space.spacing,
        options: settings,
        isCancelled: { Task.isCancelled })
      let inverse = result.inverse ?? inverted(result.forward, threads: threads).field
      return (DisplacementField(voxels: result.forward, space: fixed.space), DisplacementField(voxels: inverse, space: fixed.space))
    }
  }

  /// Mean local correlation of the coarse images in the foreground, squared for mutual information.
  private func likeness(_ transform: ComposedTransform, _ foreground: Mask, _ metric: RegistrationMetric) -> Double {
    var onCoarse = transform
    onCoarse.fixedSpace = fixed.space
    let (warped, valid) = resampled(moving, through: onCoarse)
    // Beyond the moving image's border there is nothing to compare, neither at a window's centre nor inside it.
    return localNormalizedCrossCorrelation(
      fixed.voxels, warped.masked(by: valid, threads: threads), radius: 4, mask: foreground.voxels,
      squared: metric == .mi,
      threads: threads
    ).mean
  }

  /// What the coarse images tell of each other inside a mask: normalised mutual information.
  ///
  /// - Parameter movingMask: where the moving image is looked at.
  private func information(_ transform: ComposedTransform, _ mask: Mask?, _ movingMask: Mask? = nil) -> Double {
    var onCoarse = transform
    onCoarse.fixedSpace = fixed.space
    var (warped, valid) = resampled(moving, through: onCoarse)
    if let movingMask { valid = movingMask.inside(fixed.extent.box, through: onCoarse, alsoIn: valid) }
    if let mask { for i in valid.elements.indices { valid.elements[i] &= mask.voxels.elements[i] } }
    let inside = flat(Mask(voxels: valid, space: fixed.space))
    // Without contrast nothing is told.
    return (try? normalizedMutualInformation(flat(fixed), flat(Volume(voxels: warped, space: fixed.space)), mask: inside)) ?? 0
  }

  /// What contents tell of each other where they meet, less where hardly any of them do.
  func informationOfContents(_ transform: ComposedTransform) -> Double {
    information(transform, content(of: fixed), content(of: moving))
  }

  private func resampled(_ moving: Volume, through transform: ComposedTransform) -> (VoxelBuffer<Float>, VoxelBuffer<UInt8>) {
    var mapped = transform.mapped(fixed.extent.box, local: nil, to: moving.space, threads: threads)
    mapped.rebase(to: [0, 0, 0])
    return Filtering.resampled(moving.voxels, at: mapped.positions, threads: threads)
  }
}
