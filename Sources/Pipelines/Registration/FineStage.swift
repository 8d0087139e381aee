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
  /// Threads of one block.
  let threads: Int
  let fields: BlockFieldFiles
  /// Whether fields are kept as those of a wider halo.
  let isWide: Bool

  /// Less gain than this in local correlation, or than this part of what images of different kinds tell of each other, is none.
  static let leastGain = 1e-3
  /// Fewer foreground voxels than this part of a block make it background.
  static let leastForeground = 1e-3

  /// Registers a block, its halo `widening` times as wide again, and stores its field where it gains.
  func run(_ block: Block, widening: Int = 0) throws -> BlockRecord {
    try Task.checkCancellation()
    guard foregroundPart(of: block.extended) >= Self.leastForeground else { return BlockRecord(block, .background) }
    let halo = images.grid.halo.lengths
    let wide = block.extended.expanded(by: halo.map { $0 * widening }).intersection(images.grid.extent.box)
    do {
      guard let pair = try BlockPair.read(wide, of: images, coarse: coarse, threads: threads) else {
        return BlockRecord(block, .outside)
      }
      return try deform(block, pair, widened: widening > 0)
    } catch let error as RegistrationError where error.code == .constantImage {
      // Padding that touches the tissue: nothing to align.
      return BlockRecord(block, .noGain)
    } catch let error as RegistrationError {
      return BlockRecord(block, .failed, message: error.localizedDescription)
    }
  }

  private func deform(_ block: Block, _ pair: BlockPair, widened: Bool) throws -> BlockRecord {
    let core = block.core.relative(to: pair.box.lower)
    let visible = pair.moving.masked(by: pair.movingMask, threads: threads)
    let before = pair.likeness(visible, in: core, coarse.metric, threads: threads)
    var record = BlockRecord(block, .noGain)
    record.widened = widened
    record.validPercent = 100 * Double(pair.movingMask.cropped(to: core).elements.count { $0 != 0 }) / Double(core.count)
    record.metricBefore = before
    record.metricAfter = before
    var options = DeformableOptions(registration.options.accuracy, coarse.metric, isOfMeans: images.isAveraged, threads: threads)
    for metric in DeformableMetric.ofBlocks(coarse.metric, isOfMeans: images.isAveraged) {
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
      let after = pair.likeness(warped, in: core, coarse.metric, threads: threads)
      // What images of different kinds tell of each other is small in noise.
      guard after > before + Self.leastGain * (coarse.metric == .mi ? before : 1) else { continue }
      let coreField = stored.cropped(to: core)
      let jacobian = folding(of: coreField, threads: threads)
      record.largestDisplacement = coreField.longest
      record.minimumJacobian = jacobian.minimumDeterminant
      record.foldingPercent = jacobian.foldedPercent
      record.metricAfter = after
      record.state = .registered
      record.passesHalfHalo = passesHalfHalo(coreField)
      try fields.write(field, of: block, isWide: isWide, threads: threads)
      return record
    }
    record.largestDisplacement = 0
    return record
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
