// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Filtering
internal import Foundation
internal import Grids
internal import Volumes

/// Throws where the arguments of a deformable registration do not fit together.
func check(
  fixed: VoxelBuffer<Float>, moving: VoxelBuffer<Float>, fixedMask: VoxelBuffer<UInt8>?, movingMask: VoxelBuffer<UInt8>?,
  initial: VectorField?, _ spacing: [Double], _ options: DeformableOptions
) throws {
  guard fixed.extent.rank == 3 else {
    throw RegistrationError(.rankMismatch, "the fixed image has \(fixed.extent.rank) axes, not 3", hint: "lift 2D to one plane")
  }
  let others: [(String, Extent?)] = [
    ("moving image", moving.extent), ("fixed mask", fixedMask?.extent), ("moving mask", movingMask?.extent),
    ("initial field", initial?.extent),
  ]
  for case (let name, let extent?) in others where extent != fixed.extent {
    throw RegistrationError(
      .invalidOption, "the \(name) has \(extent) voxels, the fixed image \(fixed.extent)", hint: "resample it to the fixed lattice")
  }
  guard fixed.count > 1, fixed.count < Int(Int32.max) else {
    throw RegistrationError(.invalidOption, "\(fixed.extent) voxels cannot be registered at once", hint: "register in blocks")
  }
  guard spacing.count == 3, spacing.allSatisfy({ $0 > 0 && $0.isFinite }) else {
    throw RegistrationError(.invalidOption, "spacing \(spacing) is not three positive numbers")
  }
  let positive = [options.maximumStep, options.damping]
  let sigmas = [options.updateSigma ?? 0, options.totalSigma ?? 0, options.varianceFloor ?? 0]
  guard positive.allSatisfy({ $0 > 0 && $0.isFinite }), sigmas.allSatisfy({ $0 >= 0 && $0.isFinite && $0 < 1000 }) else {
    throw RegistrationError(.invalidOption, "step, damping, sigmas and variance floor must be finite, and positive or zero")
  }
}

/// An image centred and scaled to variance 1 over the voxels that count; others are 0.
func standardised(_ image: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>?, name: String, threads: Int) throws -> LevelImage {
  let moments = Moments(of: image, mask: mask, threads: threads)
  guard moments.count > 0, moments.variance > 0, moments.variance.isFinite else {
    let what = moments.count == 0 ? "has no voxel that counts" : "is constant where it counts"
    throw RegistrationError(.constantImage, "the \(name) image \(what)", hint: "check the channel, the mask and the overlap")
  }
  let scale = Float(1 / moments.variance.squareRoot())
  let (values, valid) = normalised(image, mask: mask, shift: Float(moments.mean), scale: scale, threads: threads)
  return LevelImage(values: values, valid: valid)
}

/// The initial field on a level's field lattice: means over its cells.
func start(_ level: DeformableLevel, full: Lattice, initial: VectorField?, _ threads: Int) -> [Float] {
  guard let initial else { return [Float](repeating: 0, count: 3 * level.fieldLattice.count) }
  var packed: [Float] = []
  for axis in 0..<3 {
    var values = initial[axis].elements
    var lattice = full
    var left = zip(level.factors, level.fieldFactors).map(*)
    while left.contains(where: { $0 > 1 }) {
      let factors = left.map { $0 > 1 ? 2 : 1 }
      let valid = [UInt8](repeating: 1, count: values.count)
      let coarse = shrunk(values, valid: valid, lattice: lattice, factors: factors, threads: threads)
      (values, lattice) = (coarse.values, coarse.lattice)
      left = zip(left, factors).map(/)
    }
    precondition(lattice == level.fieldLattice, "halving an extent twice is halving it by four")
    packed += values
  }
  return packed
}

/// Adds what the next finer level can hold of the initial field and the coarser one could not.
func addDetail(
  of initial: VectorField, to field: inout [Float], from coarse: DeformableLevel, to fine: DeformableLevel, full: Lattice, _ threads: Int
) {
  let all = start(fine, full: full, initial: initial, threads)
  let held = refine(start(coarse, full: full, initial: initial, threads), from: coarse, to: fine, threads)
  for i in field.indices { field[i] += all[i] - held[i] }
}

/// The metric before the first step, at the finest level.
func metricAtStart(_ level: DeformableLevel, full: Lattice, initial: VectorField?, _ options: DeformableOptions) -> Double {
  var engine = DeformableEngine(level: level, options: options)
  let field = start(level, full: full, initial: initial, options.threads)
  return engine.metric(DeformableFields(moving: field, fixed: options.symmetric ? field.map { _ in 0 } : []))
}

/// A field on the field lattice of the next finer level.
func refine(_ field: [Float], from coarse: DeformableLevel, to fine: DeformableLevel, _ threads: Int) -> [Float] {
  let (m, n) = (coarse.fieldLattice, fine.fieldLattice)
  let factors = (0..<3).map { coarse.factors[$0] * coarse.fieldFactors[$0] / (fine.factors[$0] * fine.fieldFactors[$0]) }
  var packed: [Float] = []
  packed.reserveCapacity(3 * n.count)
  for c in 0..<3 {
    packed += upsampled(field.span.extracting(c * m.count..<(c + 1) * m.count), from: m, to: n, factors: factors, threads: threads)
  }
  return packed
}

/// Joins the halves of a symmetric registration, and inverts where asked for.
func finish(
  _ fields: DeformableFields, level: DeformableLevel, full: Lattice, _ options: DeformableOptions, _ levels: [DeformableLevelReport],
  before: Double, after: Double
) throws -> DeformableResult {
  let m = level.fieldLattice
  func inverse(_ field: [Float]) -> [Float] {
    var inverse = field.map { -$0 }
    _ = invert(field, into: &inverse, lattice: m, scales: level.fieldScales, 0.005, 60, options.threads)
    return inverse
  }
  func joined(_ outer: [Float], _ inner: [Float]) -> [Float] {
    let s = level.fieldScales
    var result = [Float](unwritten: inner.count)
    var span = result.mutableSpan
    ckernels_compose(outer.span, inner.span, &span, m.z, m.y, m.x, s[0], s[1], s[2], Int32(options.threads))
    return result
  }
  var forward = fields.moving
  var backward: [Float]?
  if options.symmetric {
    forward = joined(fields.moving, inverse(fields.fixed))
    backward = joined(fields.fixed, inverse(fields.moving))
    guard level.unfold(&forward, threads: options.threads) && level.unfold(&backward!, threads: options.threads) else {
      throw RegistrationError(.engineFailure, "the joined displacement field folds", hint: "raise the smoothing of the total field")
    }
  } else if options.inverse {
    backward = inverse(forward)
  }
  func sampled(_ field: [Float]) -> SampledField {
    SampledField(
      vectors: VectorField(packed: field, extent: Extent(m.lengths)), factors: zip(level.factors, level.fieldFactors).map(*),
      extent: Extent(full.lengths))
  }
  return DeformableResult(
    field: sampled(forward), inverseField: backward.map(sampled), levels: levels, metricBefore: before, metricAfter: after)
}
