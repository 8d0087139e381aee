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
    /// What was asked for.
    let wanted: RegistrationMetric
    /// What was used: never `auto`.
    let metric: RegistrationMetric
    let isOfOneKind: Bool
    let masks: PairMasks
    var notes: [String] = []

    /// Why that metric.
    var reason: String {
      switch metric {
      case _ where wanted != .auto: RegistrationMetric.askedFor
      case .mi: "chosen: contrasts differ"
      case _ where isOfOneKind: "chosen: intensities follow each other"
      default: "chosen: contrasts differ in places, and mutual information told no more"
      }
    }
  }

  /// Finds start, affine map and warp. Where the metric is `auto` and intensities follow each other in some places only, by local
  /// correlation and by mutual information; what tells more of the other image stands.
  func align(_ masks: PairMasks) throws -> Alignment {
    let found = try align(masks, by: options.metric)
    guard options.metric == .auto, found.metric == .lncc, !found.isOfOneKind else { return found }
    tell("intensities do not follow each other everywhere: mutual information is tried beside local correlation")
    return try better(consume found, alternative: { try align(masks, by: .mi) }, by: { information($0.transform, masks) })
  }

  /// What a first try or an alternative found, whichever scores higher; among equals the alternative. One that fails is no reason to fail.
  ///
  /// The first one's fields are given up for the time, and found again where it wins: two of them at once are not in the memory's plan.
  func better(
    _ first: consuming Alignment, alternative: () throws -> Alignment, by score: (Alignment) -> Double
  ) throws -> Alignment {
    let reached = score(first)
    let hadWarp = first.transform.coarse != nil
    (first.transform.coarse, first.transform.coarseInverse) = (nil, nil)
    var failure: String?
    do {
      let other = try alternative()
      if score(other) >= reached { return other }
    } catch let error where error is RegistrationError || error is PipelineError {
      failure = "an alternative for the coarse stage failed: \(error.localizedDescription)"
    }
    if hadWarp { first = try align(first.masks, by: first.wanted) }
    if let failure { first.notes.append(failure) }
    return first
  }

  /// Finds start, affine map and warp by one metric, for `auto` the one that search and affine step choose.
  private func align(_ masks: PairMasks, by wanted: RegistrationMetric) throws -> Alignment {
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
    if metric == .auto { metric = likeness(transform, masks, .lncc) < 0.05 ? .mi : .lncc }
    let started = transform
    let aligned = ComposedTransform(affine: found ?? start, coarse: nil, fixedSpace: transform.fixedSpace)
    if options.metric == .auto, metric == .mi, isOfOneKind(aligned, masks) { metric = .lncc }
    var quality = CoarseQuality(start: likeness(transform, masks, metric), affine: nil, warp: nil)
    if let found {
      let candidate = ComposedTransform(affine: found, coarse: nil, fixedSpace: transform.fixedSpace)
      let reached = likeness(candidate, masks, metric)
      if metric != .mi, reached < quality.start - 0.02 {
        notes.append("the affine map would lower the local correlation; the start stands alone")
      } else {
        quality.affine = reached
        transform = candidate
      }
    }
    let before = transform
    if options.stages.contains(.warp) {
      let (forward, inverse) = try step("warp") { try warp(before.affine, metric, masks) }
      transform.coarse = forward
      transform.coarseInverse = inverse
      quality.warp = likeness(transform, masks, metric)
      if let warped = quality.warp, warped < likeness(before, masks, metric) - 0.01 {
        notes.append("the coarse warp did not make the images more alike; the affine map stands alone")
        transform.coarse = nil
        transform.coarseInverse = nil
        quality.warp = nil
      }
    }
    let isOfOneKind = isOfOneKind(transform, masks)
    if options.metric == .auto, metric == .mi, isOfOneKind {
      metric = .lncc
      quality = CoarseQuality(
        start: likeness(started, masks, metric), affine: quality.affine.map { _ in likeness(before, masks, metric) },
        warp: quality.warp.map { _ in likeness(transform, masks, metric) })
    }
    return Alignment(
      transform: transform, start: name, startScores: scores, quality: quality, wanted: wanted, metric: metric, isOfOneKind: isOfOneKind,
      masks: masks, notes: notes)
  }

  private func start(
    _ masks: PairMasks, _ metric: RegistrationMetric
  ) throws -> (AffineTransform, String, [(name: String, score: Double)], metric: RegistrationMetric?) {
    if let file = options.initialTransform {
      let read = try readInitialTransform(file, rank: rank, fixed: fixed.space, moving: moving.space)
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
      let (warped, valid) = moved(ComposedTransform(affine: affine, coarse: nil, fixedSpace: fixed.space), masks.moving)
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
  private func likeness(_ transform: ComposedTransform, _ masks: PairMasks, _ metric: RegistrationMetric) -> Double {
    let (warped, valid) = moved(transform, masks.moving)
    // Beyond the moving image's border there is nothing to compare, neither at a window's centre nor inside it.
    return localNormalizedCrossCorrelation(
      fixed.voxels, warped.masked(by: valid, threads: threads), radius: 4, mask: masks.foreground.voxels, squared: metric == .mi,
      threads: threads
    ).mean
  }

  /// Whether intensities follow each other everywhere under a transform: local correlation is hardly ever negative.
  private func isOfOneKind(_ transform: ComposedTransform, _ masks: PairMasks) -> Bool {
    Self.followEachOther(mean: likeness(transform, masks, .lncc), meanSquare: likeness(transform, masks, .mi))
  }

  /// The same inside the contents of both images, whatever their outlines do.
  func isOfOneKind(_ transform: ComposedTransform, inside contents: Contents) -> Bool {
    var (warped, valid) = moved(transform, contents.moving)
    if let inside = contents.fixed { for i in valid.elements.indices { valid.elements[i] &= inside.voxels.elements[i] } }
    warped = warped.masked(by: valid, threads: threads)
    func mean(squared: Bool) -> Double {
      localNormalizedCrossCorrelation(fixed.voxels, warped, radius: 4, mask: valid, squared: squared, threads: threads).mean
    }
    return Self.followEachOther(mean: mean(squared: false), meanSquare: mean(squared: true))
  }

  private static func followEachOther(mean: Double, meanSquare: Double) -> Bool { mean > 0 && mean >= 0.9 * meanSquare.squareRoot() }

  /// What the coarse images tell of each other in the foreground: normalised mutual information.
  private func information(_ transform: ComposedTransform, _ masks: PairMasks) -> Double {
    let (warped, valid) = moved(transform, masks.moving)
    return information(warped, inside: masks.foreground, and: valid).value
  }

  /// What contents tell of each other where they meet, less where less than half of the smaller one does.
  func information(_ transform: ComposedTransform, of contents: Contents) -> Double {
    let (warped, valid) = moved(transform, contents.moving)
    let (value, count) = information(warped, inside: contents.fixed, and: valid)
    let overlap = Double(count) * volume(of: fixed.space) / min(contents.volumes.fixed, contents.volumes.moving)
    return value * min(1, overlap / 0.5)
  }

  /// Normalised mutual information of the fixed image and another on its lattice, over so many voxels of both masks; 0 without contrast.
  private func information(
    _ warped: VoxelBuffer<Float>, inside mask: Mask?, and valid: VoxelBuffer<UInt8>
  ) -> (value: Double, count: Int) {
    var both = valid
    if let mask { for i in both.elements.indices { both.elements[i] &= mask.voxels.elements[i] } }
    return (normalizedMutualInformation(fixed.voxels, warped, mask: both), both.elements.count { $0 != 0 })
  }

  /// The moving image on the fixed lattice, and 1 where that shows some of it inside a mask.
  private func moved(_ transform: ComposedTransform, _ mask: Mask?) -> (VoxelBuffer<Float>, VoxelBuffer<UInt8>) {
    var onCoarse = transform
    onCoarse.fixedSpace = fixed.space
    var mapped = onCoarse.mapped(fixed.extent.box, local: nil, to: moving.space, threads: threads)
    mapped.rebase(to: [0, 0, 0])
    var (warped, valid) = resampled(moving.voxels, at: mapped.positions, threads: threads)
    if let mask { valid = mask.inside(fixed.extent.box, through: onCoarse, alsoIn: valid) }
    return (warped, valid)
  }
}
