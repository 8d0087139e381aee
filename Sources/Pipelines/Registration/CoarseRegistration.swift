// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Filtering
internal import Foundation
internal import Grids
public import Registration
public import Transforms
internal import Volumes

/// What the coarse stage found for the whole volume.
public struct CoarseRegistration: Sendable {
  /// Affine and coarse warp, from fixed to moving.
  public var transform: ComposedTransform
  /// The start that won: `identity`, `centre of mass`, `phase correlation`, … or the file it was read from.
  public var start: String
  /// Every candidate for the start with its score.
  public var startScores: [(name: String, score: Double)]
  /// Local normalised cross-correlation (radius 4 coarse voxels, foreground) of the fixed with the moving image: at the start, after the
  /// affine map, after the warp.
  public var quality: CoarseQuality
  /// Where the fixed image has foreground, on the coarse lattice.
  public var foreground: Mask
  /// Where the moving image is to be looked at, where a mask was given.
  var movingMask: Mask?
  /// Voxels that are not numbers, in the coarse fixed and moving images.
  public var invalidVoxels: (fixed: Int, moving: Int)
  /// The similarity in force, chosen where `auto` was asked for.
  public var metric: RegistrationMetric
  /// What to know, in words.
  public var notes: [String]
}

extension CoarseRegistration {
  /// A coarse result that is known, not found.
  package init(transform: ComposedTransform, foreground: Mask, metric: RegistrationMetric = .lncc) {
    self.init(
      transform: transform, start: "given", startScores: [], quality: CoarseQuality(start: 0, affine: nil, warp: nil),
      foreground: foreground, invalidVoxels: (0, 0), metric: metric, notes: [])
  }
}

extension CoarseRegistration {
  /// Tells this result from another.
  var digest: String {
    var digest = Digest()
    func add(_ numbers: [Double]) { for number in numbers { unsafe withUnsafeBytes(of: number.bitPattern) { unsafe digest.add($0) } } }
    func add(_ voxels: VoxelBuffer<Float>) { unsafe voxels.elements.withUnsafeBytes { unsafe digest.add($0) } }
    add(transform.affine.matrix.flatMap(\.self) + transform.affine.offset)
    if let warp = transform.coarse {
      add(warp.space.spacing + warp.space.origin + warp.space.direction.flatMap(\.self))
      for axis in 0..<3 { add(warp.vectors[axis]) }
    }
    for mask in [foreground, movingMask].compactMap(\.self) {
      add(mask.space.spacing + mask.space.origin)
      digest.add(mask.voxels.elements)
    }
    digest.add(metric.rawValue.utf8)
    return digest.description
  }
}

/// How alike the coarse images are after each step; `nil` for a step that did not run.
public struct CoarseQuality: Sendable, Codable {
  /// At the start.
  public var start: Double
  /// After the affine map.
  public var affine: Double?
  /// After the warp.
  public var warp: Double?
}

extension ChunkedRegistration {
  /// Finds the start, the affine map and the coarse warp on downsampled images.
  ///
  /// - Throws: errors of reading; `RegistrationError` where an image is constant or the two do not overlap; `CancellationError`.
  public func registerCoarse() async throws -> CoarseRegistration {
    let folder = try TemporaryRunFolder()
    let run = RegistrationRun(self, folder.run, part: .coarse)
    _ = try run.prepare()
    try await LocalExecutor(folder: folder.run, retries: options.retries, progress: progress).run(run)
    return try run.coarse()
  }
}

/// The coarse images and what is known of them while the stage runs.
struct CoarseStage: Sendable {
  let registration: ChunkedRegistration
  let fixed: Volume
  let moving: Volume

  var rank: Int { registration.rank }
  var options: RegistrationOptions { registration.options }

  func run() throws -> CoarseRegistration {
    let invalid = (fixed: fixed.voxels.elements.count { !$0.isFinite }, moving: moving.voxels.elements.count { !$0.isFinite })
    try PairChecks.requireContrast(fixed, path: registration.fixed.path, side: "fixed")
    try PairChecks.requireContrast(moving, path: registration.moving.path, side: "moving")
    var notes: [String] = []
    for (count, name) in [(invalid.fixed, registration.fixed.path), (invalid.moving, registration.moving.path)] where count > 0 {
      notes.append("\(name): \(count) voxels of the coarse image are not numbers; they are masked")
    }
    let fixedMask = try mask(options.fixedMask, of: fixed, spacing: registration.fixedPyramid.finest.space.unit)
    let movingMask = try mask(options.movingMask, of: moving, spacing: registration.fixedPyramid.finest.space.unit)
    let foreground = try fixedMask ?? tissue(of: fixed)

    var alignment = try align(by: options.metric, fixedMask, movingMask, foreground)
    if options.metric == .auto, alignment.metric == .lncc, !alignment.isOfOneKind {
      registration.progress.report(
        .note("the images' intensities do not follow each other everywhere: mutual information is tried beside local correlation"))
      do {
        let other = try align(by: .mi, fixedMask, movingMask, foreground)
        if information(other.transform, foreground) > information(alignment.transform, foreground) { alignment = other }
      } catch let error as RegistrationError {
        notes.append("mutual information found nothing: \(error.message)")
      }
    }
    notes += alignment.notes
    for note in notes { registration.progress.report(.note(note)) }
    return CoarseRegistration(
      transform: alignment.transform, start: alignment.start, startScores: alignment.startScores, quality: alignment.quality,
      foreground: foreground, movingMask: movingMask, invalidVoxels: invalid, metric: alignment.metric, notes: notes)
  }

  /// What start, affine step and warp found by one metric.
  private struct Alignment {
    var transform: ComposedTransform
    let start: String
    let startScores: [(name: String, score: Double)]
    var quality: CoarseQuality
    let metric: RegistrationMetric
    /// Whether intensities follow each other after the affine step: local correlation is hardly ever negative.
    let isOfOneKind: Bool
    var notes: [String] = []
  }

  /// Finds start, affine map and warp by `wanted`; where that is `auto`, by local correlation or mutual information.
  private func align(
    by wanted: RegistrationMetric, _ fixedMask: Mask?, _ movingMask: Mask?, _ foreground: Mask
  ) throws -> Alignment {
    var metric = wanted
    var notes: [String] = []
    let (start, name, scores, searched) = try self.start(fixedMask, movingMask, metric)
    if metric == .auto, let searched { metric = searched }
    var transform = ComposedTransform(affine: start, coarse: nil, fixedSpace: registration.fixedRegion.space)
    try PairChecks.requireOverlap(
      fixed, moving, under: transform, start: name, paths: (registration.fixed.path, registration.moving.path))
    var found: AffineTransform?
    if options.stages.contains(.affine) {
      let result = try step("affine") {
        try registerAffine(
          fixed: flat(fixed), moving: flat(moving), fixedMask: fixedMask.map(flat), movingMask: movingMask.map(flat),
          initial: flat(start),
          options: AffineOptions(options.accuracy, metric, engine: options.engine, threads: registration.plan.threads))
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
      let (forward, inverse) = try step("warp") { try warp(before.affine, metric, fixedMask, movingMask) }
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
      transform: transform, start: name, startScores: scores, quality: quality, metric: metric, isOfOneKind: isOfOneKind, notes: notes)
  }

  /// One step of the stage, told of as it begins and ends.
  private func step<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    try Task.checkCancellation()
    registration.progress.report(.started(stage: name, tasks: 1))
    let result = try body()
    try Task.checkCancellation()
    registration.progress.report(.finished(stage: name))
    return result
  }

  private func start(
    _ fixedMask: Mask?, _ movingMask: Mask?, _ metric: RegistrationMetric
  ) throws -> (AffineTransform, String, [(name: String, score: Double)], metric: RegistrationMetric?) {
    if let file = options.initialTransform {
      let read = try readInitialTransform(file, rank: rank, unit: fixed.space.unit)
      return (lift(read), file, [], nil)
    }
    guard options.stages.contains(.affine) else { return (.identity(rank: 3), "identity", [], nil) }
    let result = try step("start") {
      var initialiser = Initialiser()
      initialiser.threads = registration.plan.threads
      return try initialiser.initialise(
        fixed: flat(fixed), moving: flat(moving), fixedMask: fixedMask.map(flat), movingMask: movingMask.map(flat), metric: metric)
    }
    registration.progress.report(
      .note(
        "start: \(result.name) (" + result.scores.map { "\($0.name) \(String(format: "%.3f", $0.score))" }.joined(separator: ", ") + ")"))
    return (lift(result.transform), result.name, result.scores, result.metric)
  }

  private func warp(
    _ affine: AffineTransform, _ metric: RegistrationMetric, _ fixedMask: Mask?, _ movingMask: Mask?
  ) throws -> (DisplacementField, DisplacementField) {
    switch options.engine {
    case .itk:
      let result = try registerSyN(
        fixed: flat(fixed), moving: flat(moving), fixedMask: fixedMask.map(flat), movingMask: movingMask.map(flat), initial: flat(affine),
        options: SyNOptions(options.accuracy, metric))
      return (result.forward.lifted(like: fixed.space), result.inverse.lifted(like: fixed.space))
    case .weft:
      let transform = ComposedTransform(affine: affine, coarse: nil, fixedSpace: fixed.space)
      var (warped, valid) = resampled(moving, through: transform)
      if let movingMask { valid = movingMask.inside(fixed.extent.box, through: transform, alsoIn: valid) }
      var settings = DeformableOptions(options.accuracy, metric, isOfMeans: true, threads: registration.plan.threads)
      settings.symmetric = true
      let result = try registerDeformable(
        fixed: fixed.voxels, moving: warped, fixedMask: fixedMask?.voxels, movingMask: valid, spacing: fixed.space.spacing,
        options: settings,
        isCancelled: { Task.isCancelled })
      let inverse = result.inverse ?? inverted(result.forward, threads: registration.plan.threads).field
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
      fixed.voxels, warped.masked(by: valid, threads: registration.plan.threads), radius: 4, mask: foreground.voxels,
      squared: metric == .mi,
      threads: registration.plan.threads
    ).mean
  }

  /// What the coarse images tell of each other in the foreground: normalised mutual information.
  private func information(_ transform: ComposedTransform, _ foreground: Mask) -> Double {
    var onCoarse = transform
    onCoarse.fixedSpace = fixed.space
    var (warped, valid) = resampled(moving, through: onCoarse)
    for i in valid.elements.indices { valid.elements[i] &= foreground.voxels.elements[i] }
    let inside = flat(Mask(voxels: valid, space: fixed.space))
    // Without contrast nothing is told.
    return (try? normalizedMutualInformation(flat(fixed), flat(Volume(voxels: warped, space: fixed.space)), mask: inside)) ?? 0
  }

  private func resampled(_ moving: Volume, through transform: ComposedTransform) -> (VoxelBuffer<Float>, VoxelBuffer<UInt8>) {
    var mapped = transform.mapped(fixed.extent.box, local: nil, to: moving.space, threads: registration.plan.threads)
    mapped.rebase(to: [0, 0, 0])
    return Filtering.resampled(moving.voxels, at: mapped.positions, threads: registration.plan.threads)
  }

  private func mask(_ option: String?, of volume: Volume, spacing unit: LengthUnit?) throws -> Mask? {
    switch option {
    case nil: return nil
    case "auto": return try tissue(of: volume)
    case let path?:
      let image = try StoredImage.open(path).volumes()
      guard image.finest.rank == rank else {
        throw PipelineError(
          "the mask \(path) is \(image.finest.rank)D, and the images are \(rank)D", hint: "give a mask of the images' rank")
      }
      // A mask may be as large as its image: it is read near the coarse lattice, every voxel that touches the inside counting.
      let levels = image.levels.map { $0.placed(in: $0.space.converted(to: unit)).liftedToThreeAxes() }
      let finest = VolumePyramid(levels: levels).finest
      let factors = PhysicalScale.factors(extent: finest.extent, spacing: finest.space.spacing, target: volume.space.spacing.min()!)
      let coarse = try VolumePyramid(levels: levels).downsampled(by: factors).load()
      let voxels = coarse.voxels.mapVoxels { UInt8($0 > 0 ? 1 : 0) }
      guard voxels.elements.contains(1) else {
        throw PipelineError(
          "the mask \(path) is empty: no voxel is above 0", hint: "name another mask, or leave --fixed-mask and --moving-mask out")
      }
      let mask = Mask(voxels: voxels, space: coarse.space)
      let onto = Mask(voxels: mask.resampled(to: volume.space, extent: volume.extent), space: volume.space)
      guard onto.voxels.elements.contains(1) else {
        throw PipelineError(
          "the mask \(path) does not meet its image", hint: "check spacing, origin and direction of both with `weft info`")
      }
      return onto
    }
  }

  /// The tissue of an image, on its own lattice.
  private func tissue(of volume: Volume) throws -> Mask {
    let plain = flat(volume)
    let voxels = try Mask.tissue(of: plain).resampled(to: plain.space, extent: plain.extent)
    return Mask(voxels: voxels.reshaped(to: volume.extent), space: volume.space)
  }

  /// The image as its own rank has it: 2D without the plane axis.
  private func flat(_ volume: Volume) -> Volume {
    rank == 3
      ? volume
      : Volume(
        voxels: volume.voxels.reshaped(to: Extent(Array(volume.extent.lengths.dropFirst()))), space: volume.space.droppingFirstAxis())
  }

  private func flat(_ mask: Mask) -> Mask {
    rank == 3
      ? mask
      : Mask(
        voxels: mask.voxels.reshaped(to: Extent(Array(mask.voxels.extent.lengths.dropFirst()))), space: mask.space.droppingFirstAxis())
  }

  private func flat(_ affine: AffineTransform) -> AffineTransform { rank == 3 ? affine : affine.droppingFirstAxis() }

  private func lift(_ affine: AffineTransform) -> AffineTransform { affine.liftedToThreeAxes() }
}

extension DisplacementField {
  /// A field of the world from displacements in voxels of a lattice.
  init(voxels field: VectorField, space: PhysicalSpace) {
    var world = field
    for i in 0..<field.z.count {
      let v = [field.z.elements[i], field.y.elements[i], field.x.elements[i]]
      for row in 0..<3 {
        var sum: Float = 0
        for axis in 0..<3 { sum += Float(space.direction[row][axis] * space.spacing[axis]) * v[axis] }
        world[row].elements[i] = sum
      }
    }
    self.init(vectors: world, space: space)
  }

  /// The field on the lattice it was found on, as that has three axes.
  func lifted(like space: PhysicalSpace) -> DisplacementField { DisplacementField(vectors: vectors, space: space) }
}
