// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

/// The fine registration of one block: read, pre-warp, deform, measure, store.
struct FineStage: Sendable {
  let registration: ChunkedRegistration
  let coarse: CoarseRegistration
  /// The pair at the level of the blocks.
  let images: LevelImages
  let settings: FineSettings
  /// Threads of one block.
  let threads: Int
  let fields: BlockFieldFiles
  /// Less gain than this in local correlation, or than this part of what images of different kinds tell of each other, is none.
  static let leastGain = 1e-3
  /// Fewer foreground voxels than this part of a block make it background.
  static let leastForeground = 1e-3
  /// Of the smoothing of the whole displacement after each step, in voxels, where one that bends less is tried.
  private static let smootherSigma = 2.5

  /// Registers a block as planned, and stores its field where it gains.
  func run(_ block: Block) throws -> BlockRecord {
    let found = try run(block, .planned)
    if let field = found.field { try fields.write(field, of: block, isAgain: false, threads: threads) }
    return found.record
  }

  /// Makes attempts at a block, one after the other, until one leaves no doubt, and stores the best where it is better than what there is.
  ///
  /// - Returns: the block's new record, or `nil` where what there is stays.
  func run(_ first: BlockRecord, again attempts: [FineAttempt]) throws -> BlockRecord? {
    var (best, isNew) = (first, false)
    for attempt in attempts {
      let found = try run(first.block, attempt)
      guard let field = found.field, found.record.isBetter(than: best, registration.options.thresholds) else { continue }
      try fields.write(field, of: first.block, isAgain: true, threads: threads)
      (best, isNew) = (found.record, true)
      if !best.isDoubtful(registration.options.thresholds) { break }
    }
    return isNew ? best : nil
  }

  /// Registers a block in one way; no field where nothing is gained.
  private func run(_ block: Block, _ attempt: FineAttempt) throws -> (record: BlockRecord, field: SplineField?) {
    try Task.checkCancellation()
    // What a core without tissue is displaced by counts for nothing, whatever lies around it.
    guard foregroundPart(of: block.extended) >= Self.leastForeground, foregroundPart(of: block.core) > 0 else {
      return (BlockRecord(block, .background), nil)
    }
    let box = attempt == .widerHalo ? images.grid.widened(block) : settings.box(of: block, in: images.grid)
    do {
      guard let pair = try BlockPair.read(box, of: images, coarse: coarse, threads: threads) else {
        return (BlockRecord(block, .outside), nil)
      }
      return try deform(block, pair, attempt)
    } catch let error as RegistrationError where error.code == .constantImage {
      // Padding that touches the tissue: nothing to align.
      return (BlockRecord(block, .noGain), nil)
    } catch let error as RegistrationError {
      return (BlockRecord(block, .failed, message: error.localizedDescription), nil)
    }
  }

  private func deform(_ block: Block, _ pair: BlockPair, _ attempt: FineAttempt) throws -> (BlockRecord, SplineField?) {
    let core = block.core.relative(to: pair.box.lower)
    let visible = pair.moving.masked(by: pair.movingMask, threads: threads)
    let before = pair.likeness(visible, in: core, settings.metric, threads: threads)
    var record = BlockRecord(block, .noGain)
    record.attempt = attempt
    record.validPercent = 100 * Double(pair.movingMask.cropped(to: core).elements.count { $0 != 0 }) / Double(core.count)
    record.metricBefore = before
    record.metricAfter = before
    var options = DeformableOptions(settings.accuracy, settings.metric, isOfMeans: images.isAveraged, threads: threads)
    options.totalSigma = attempt == .smoother ? Self.smootherSigma : settings.smoothing ?? options.totalSigma
    for metric in attempt.metrics(settings.metric, isOfMeans: images.isAveraged) {
      options.metric = metric
      let found = try registerDeformable(
        fixed: pair.fixed, moving: pair.moving, fixedMask: pair.fixedMask, movingMask: pair.movingMask,
        spacing: images.fixed.space.spacing, options: options, isCancelled: { Task.isCancelled }
      ).field
      // From here on the field is the stored one: what is measured is what will be used.
      let field = SplineField.fitting(found, of: pair.box, over: block.extended, on: fields.lattice, threads: threads)
      let stored = field.dense(over: block.extended, within: pair.box, threads: threads)
      // A value that is interpolated with what lies outside the moving image is none.
      let warped = Filtering.warped(visible, by: stored, outside: .nan, threads: threads).values
      let after = pair.likeness(warped, in: core, settings.metric, threads: threads)
      // What images of different kinds tell of each other is small in noise.
      guard after > before + Self.leastGain * (settings.metric == .mi ? before : 1) else { continue }
      let coreField = stored.cropped(to: core)
      let jacobian = folding(of: coreField, threads: threads)
      record.largestDisplacement = coreField.longest
      record.minimumJacobian = jacobian.minimumDeterminant
      record.foldingPercent = jacobian.foldedPercent
      record.metricAfter = after
      record.state = .registered
      record.passesHalfHalo = passesHalfHalo(coreField)
      record.fit = fit(pair, warped, block)
      return (record, field)
    }
    record.largestDisplacement = 0
    record.fit = fit(pair, visible, block)
    return (record, nil)
  }

  /// How far a block of full resolution still lies off in a part or two of its core; `nil` at coarser levels, which finer ones correct.
  private func fit(_ pair: BlockPair, _ registered: VoxelBuffer<Float>, _ block: Block) -> BlockRecord.Fit? {
    if images.isAveraged { return nil }
    let probes = QualityProbes(core: block.core, tissue: coarse.foreground, space: images.fixed.space, most: 2)
    var shifts = ResidualShifts(metric: settings.metric, isBothWays: false, threads: threads)
    for probe in probes.boxes {
      let box = probe.expanded(by: probe.extent.lengths.map { $0 > 1 ? QualityProbes.margin : 0 }).intersection(pair.box)
      let place = box.relative(to: pair.box.lower)
      let images = (pair.fixed.cropped(to: place), registered.cropped(to: place))
      let tissue = coarse.foreground.resampled(to: self.images.fixed.space.cropped(at: box.lower), extent: box.extent)
      shifts.add(images.0, images.1, tissue.whereNumbers(images.0, images.1), in: probe.relative(to: box.lower))
    }
    return shifts.evidencePercent.map { BlockRecord.Fit(residual: shifts.residual, evidencePercent: $0) }
  }

  /// Whether more than a twentieth of the core is displaced by over half the halo along an axis, so that a wider halo may find more.
  ///
  /// Not the single longest vector: a stray one, where there is little to align, says nothing of the block.
  private func passesHalfHalo(_ coreField: VectorField) -> Bool {
    let halo = images.grid.halo.lengths
    return (0..<3).contains { axis in
      guard halo[axis] > 0 else { return false }
      let limit = Float(halo[axis]) / 2
      return coreField[axis].elements.count { abs($0) > limit } > coreField[axis].count / 20
    }
  }

  /// The part of a box of the level that is foreground, by the coarse mask.
  private func foregroundPart(of box: Box) -> Double {
    let mask = coarse.foreground
    let space = images.fixed.space
    let corners = Box(lower: [0, 0, 0], upper: [2, 2, 2]).indices.map { corner -> [Double] in
      let voxel = (0..<3).map { corner[$0] == 0 ? Double(box.lower[$0]) : Double(box.upper[$0] - 1) }
      return mask.space.index(of: space.world(of: voxel))
    }
    let whole = mask.voxels.extent
    let lower = (0..<3).map { axis in min(max(0, Int(corners.map { $0[axis] }.min()!.rounded(.down))), whole[axis] - 1) }
    let upper = (0..<3).map { axis in min(whole[axis], max(lower[axis] + 1, Int(corners.map { $0[axis] }.max()!.rounded(.up)) + 1)) }
    let part = mask.voxels.cropped(to: Box(lower: lower, upper: upper))
    return Double(part.elements.count { $0 != 0 }) / Double(part.count)
  }
}

extension SplineField {
  /// The displacement over a box, zero elsewhere in a larger one.
  fileprivate func dense(over box: Box, within whole: Box, threads: Int) -> VectorField {
    let inner = dense(over: box, threads: threads)
    if box == whole { return inner }
    var result = VectorField(zeros: whole.extent)
    for axis in 0..<3 { result[axis].copy(from: inner[axis], box: inner.extent.box, at: box.relative(to: whole.lower).lower) }
    return result
  }

  /// The spline field over a box nearest to a field that was found on a larger one.
  fileprivate static func fitting(
    _ found: SampledField, of whole: Box, over box: Box, on lattice: SplineLattice, threads: Int
  ) -> SplineField {
    let within = box.relative(to: whole.lower)
    let part = Box(
      lower: zip(within.lower, found.factors).map { ($0 + $1 - 1) / $1 },
      upper: (0..<3).map { min(found.vectors.extent[$0], (within.upper[$0] + found.factors[$0] - 1) / found.factors[$0]) })
    let first = (0..<3).map { axis in
      Double(whole.lower[axis] + part.lower[axis] * found.factors[axis]) + Double(found.factors[axis] - 1) / 2
    }
    return fitting(
      samples: found.vectors.cropped(to: part), first: first, steps: found.factors.map(Double.init), over: box, on: lattice,
      threads: threads)
  }
}

extension VectorField {
  /// The length of the longest vector, in voxels.
  var longest: Double {
    var most: Float = 0
    for i in 0..<z.count {
      let (a, b, c) = (z.elements[i], y.elements[i], x.elements[i])
      most = max(most, a * a + b * b + c * c)
    }
    return Double(most).squareRoot()
  }
}
