// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

/// Measures how well blocks fit.
struct QualityInspector: Sendable {
  /// The pair at full resolution, with the whole local displacement for its start.
  let images: LevelImages
  let coarse: CoarseRegistration
  /// Of the whole map.
  let map: MapInspector
  let threads: Int

  /// - Throws: errors of reading.
  func quality(of core: Box) throws -> BlockQuality {
    let probes = QualityProbes(core: core, tissue: coarse.foreground, space: images.fixed.space)
    var quality = BlockQuality(tissuePercent: probes.tissuePercent)
    var (initial, coarse, fine) = (LikenessSum(), LikenessSum(), LikenessSum())
    var shifts = ResidualShifts(metric: self.coarse.metric, isBothWays: true, threads: threads)
    var check = MapCheck()
    for probe in probes.boxes {
      try Task.checkCancellation()
      let box = surroundings(of: probe, QualityProbes.margin)
      let fixed = try images.fixed.read(box)
      let registered = try moving(box, .whole)
      let tissue = tissue(over: box, in: fixed, and: registered)
      shifts.add(fixed, registered, tissue, in: probe.relative(to: box.lower))
      // Windows reach no further.
      let near = surroundings(of: probe, LikenessSum.radius)
      let place = near.relative(to: box.lower)
      let shown = (image: fixed.cropped(to: place), tissue: tissue.cropped(to: place), part: probe.relative(to: near.lower))
      initial.add(shown, try moving(near, .initial), threads)
      coarse.add(shown, try moving(near, .coarse), threads)
      fine.add(shown, registered.cropped(to: place), threads)
      check.add(try map.check(probe).check)
    }
    (quality.initial, quality.coarse, quality.fine) = (initial.mean, coarse.mean, fine.mean)
    (quality.residual, quality.evidencePercent) = (shifts.residual, shifts.evidencePercent)
    quality.forwardBackward = shifts.forwardBackward
    if !probes.boxes.isEmpty {
      (quality.minimumJacobian, quality.maximumJacobian) = (check.minimum, check.maximum)
      quality.foldingPercent = 100 * Double(check.folded) / Double(probes.boxes.map(\.count).reduce(0, +))
    }
    return quality
  }

  private func surroundings(of probe: Box, _ margin: Int) -> Box {
    let extent = images.fixed.extent
    return probe.expanded(by: extent.lengths.map { $0 > 1 ? margin : 0 }).intersection(extent.box)
  }

  /// How far the moving image was brought.
  private enum Step { case initial, coarse, whole }

  /// The moving image on a box; not a number outside it.
  private func moving(_ box: Box, _ step: Step) throws -> VoxelBuffer<Float> {
    var mapped = images
    if step != .whole { mapped.start = nil }
    if step == .initial {
      mapped.transform = ComposedTransform(affine: .identity(rank: 3), coarse: nil, fixedSpace: images.transform.fixedSpace)
    }
    let (values, valid) = try BoxResampler(volume: images.moving, interpolation: .linear, threads: threads) { [mapped] in
      try mapped.mapped($0, to: images.moving.space, threads: threads)
    }.values(over: box)
    return values.masked(by: valid, threads: threads)
  }

  /// Where a box has tissue, and both images have numbers: what lies outside the moving image tells nothing of the map.
  private func tissue(over box: Box, in fixed: VoxelBuffer<Float>, and registered: VoxelBuffer<Float>) -> VoxelBuffer<UInt8> {
    coarse.foreground.resampled(to: images.fixed.space.cropped(at: box.lower), extent: box.extent).whereNumbers(fixed, registered)
  }
}

/// Likeness of probes, weighed by their tissue.
private struct LikenessSum {
  private var sums = [0.0, 0.0, 0.0]
  private var weights = [0.0, 0.0]

  /// Of the windows of local correlation.
  static let radius = 4

  /// - Parameter target: the fixed image and its tissue around a probe, and where the probe lies in them.
  mutating func add(
    _ target: (image: VoxelBuffer<Float>, tissue: VoxelBuffer<UInt8>, part: Box), _ moving: VoxelBuffer<Float>, _ threads: Int
  ) {
    var centres = VoxelBuffer<UInt8>(extent: target.tissue.extent)
    var inner = target.tissue.cropped(to: target.part)
    centres.copy(from: inner, box: inner.extent.box, at: target.part.lower)
    let local = localNormalizedCrossCorrelation(target.image, moving, radius: Self.radius, mask: centres, threads: threads)
    sums[0] += local.mean * Double(local.count)
    weights[0] += Double(local.count)
    let pair = (target.image.cropped(to: target.part), moving.cropped(to: target.part))
    let count = Double(zip(inner.elements, pair.1.elements).count { $0 != 0 && $1.isFinite })
    guard count > 0 else { return }
    sums[1] += count * normalizedCrossCorrelation(pair.0, pair.1, mask: inner)
    // A histogram does with every other voxel along each axis.
    let extent = inner.extent
    for row in 0..<extent[0] * extent[1] {
      let isKept = row / extent[1] % 2 == 0 && row % extent[1] % 2 == 0
      for x in 0..<extent[2] where !isKept || x % 2 != 0 { inner.elements[row * extent[2] + x] = 0 }
    }
    sums[2] += count * normalizedMutualInformation(pair.0, pair.1, mask: inner)
    weights[1] += count
  }

  var mean: BlockQuality.Likeness? {
    guard weights[1] > 0 else { return nil }
    return .init(lncc: weights[0] > 0 ? sums[0] / weights[0] : 0, ncc: sums[1] / weights[1], mi: sums[2] / weights[1])
  }
}
