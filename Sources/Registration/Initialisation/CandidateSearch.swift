// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

/// Tries candidates on coarse copies of a pair, refines the best, and remembers how each did.
struct CandidateSearch {
  let fixed: PreparedImage
  let moving: PreparedImage
  let spacing: Double
  let metric: RegistrationMetric
  let threads: Int
  private var tried: [Attempt] = []

  private struct Attempt {
    let name: String
    /// As it was tried.
    let transform: Transforms.AffineTransform
    let similarity: Similarity
    /// As it was refined.
    var map: Transforms.AffineTransform
    /// The affine engine's metric there; `nil` where it was not refined.
    var refined: Double?
  }

  init(fixed: PreparedImage, moving: PreparedImage, spacing: Double, metric: RegistrationMetric, threads: Int) {
    self.fixed = fixed
    self.moving = moving
    self.spacing = spacing
    self.metric = metric
    self.threads = threads
  }

  /// A way to start, and the map of rank 3 that it gives.
  private typealias Candidate = (name: String, transform: Transforms.AffineTransform)

  /// Scores candidates.
  private mutating func attempt(_ candidates: [Candidate]) {
    let (fixed, moving) = (fixed, moving)
    tried += candidates.concurrentMap(threads: threads) { name, transform in
      let similarity = Similarity(fixed: fixed, moving: moving, transform: transform)
      return Attempt(name: name, transform: transform, similarity: similarity, map: transform)
    }
  }

  /// Tries everything, cheap ways first: among equals the earlier one wins.
  mutating func run(triesRotations: Bool) throws {
    let identity = PhysicalSpace.identity(rank: 3)
    var placed: [Candidate] = [
      ("identity", .identity(rank: 3)),
      ("geometric centres", Self.placing(centre(of: fixed), on: centre(of: moving), rotation: identity)),
    ]
    let moments = (ImageMoments(of: fixed), ImageMoments(of: moving))
    if case (let fixedMoments?, let movingMoments?) = moments {
      placed.append(("centre of mass", Self.placing(fixedMoments.centre, on: movingMoments.centre, rotation: identity)))
    }
    attempt(placed)
    let movingLattice = CommonLattice(moving, rotation: identity, spacing: spacing)
    let fixedLattice = CommonLattice(fixed, rotation: identity, spacing: spacing)
    let peaks = phaseCorrelationPeaks(fixed: fixedLattice.windowed, moving: movingLattice.windowed, count: 6, threads: threads)
    attempt(peaks.map { ("phase correlation", .translation(fixedLattice.translation(of: $0, to: movingLattice))) })
    attemptCorrelation([("overlap correlation", identity)], to: movingLattice, count: 3)
    if decidingMetric == .mi { attemptCorrelation([("overlap correlation", identity)], to: movingLattice, count: 3) }
    guard triesRotations else { return try refine() }
    // Turned volumes are tried on lattices of twice the spacing: refinement bridges the rest.
    let turned = fixed.rank == 2 ? movingLattice : CommonLattice(moving, rotation: identity, spacing: 2 * spacing)
    if case (let fixedMoments?, let movingMoments?) = moments {
      let rotations = ImageMoments.rotations(fixed: fixedMoments, moving: movingMoments, rank: fixed.rank)
      attempt(rotations.map { ("principal axes", Self.placing(fixedMoments.centre, on: movingMoments.centre, rotation: $0)) })
      attemptCorrelation(rotations.map { ("principal axes, overlap correlation", $0) }, to: turned, count: 1)
    }
    attemptCorrelation(
      (fixed.rank == 2 ? Rotations.ofPlane : Rotations.tilts).map { ("rotation, overlap correlation", $0) }, to: turned, count: 1)
    if fixed.rank == 3, bestScore < 0.5 {
      attemptCorrelation(Rotations.turns.map { ("rotation, overlap correlation", $0) }, to: turned, count: 1)
    }
    try refine()
  }

  /// Improves the most promising candidates, no two of one place, by affine steps; where several places are then about as good, these
  /// again at twice the resolution.
  private mutating func refine() throws {
    let decisive = decidingMetric
    let scores = tried.map { $0.similarity.score(decisive) }
    let order = scores.indices.filter { scores[$0] > -.infinity }.sorted { (scores[$0], $1) > (scores[$1], $0) }
    let first = distinct((scores[0] > -.infinity ? [0] : []) + order, apart: 3, most: 20)
    try refine(first, spacing: 1.7 * spacing, radius: 4, models: [.translation, .rigid, .affine], decisive)
    dropUnlikely(first, decisive)
    let refined = first.filter { tried[$0].refined != nil }.sorted { (tried[$0].refined!, $1) > (tried[$1].refined!, $0) }
    guard let best = refined.first.map({ tried[$0].refined! }) else { return }
    // Headers are to be believed unless another place is clearly better.
    let header = refined.filter { $0 == 0 && isAsGood(tried[0].refined!, as: best) }
    let second = distinct(header + refined.filter { tried[$0].refined! >= best - 0.25 * abs(best) }, apart: 6, most: 5)
    for index in first where !second.contains(index) { tried[index].refined = nil }
    guard second.count > 1 else { return }
    try refine(second, spacing: spacing, radius: 2, models: [.affine], decisive)
  }

  /// Where one place correlates all but perfectly, others that lack twice as much are wrong, however alike windows of their outlines are: a
  /// ball in padding, turned, has the outline of the ball. Where that place is what the headers say, nothing else is looked at.
  private mutating func dropUnlikely(_ indices: [Int], _ decisive: RegistrationMetric) {
    guard decisive != .mi else { return }
    let (fixed, moving) = (fixed, moving)
    let scores = indices.map { tried[$0].map }.concurrentMap(threads: threads) {
      Similarity(fixed: fixed, moving: moving, transform: $0).score(decisive)
    }
    let known = zip(indices, scores).filter { tried[$0.0].refined != nil }
    guard let top = known.map(\.1).max(), top >= 0.99 else { return }
    if tried[0].refined != nil, tried[0].similarity.score(decisive) >= top {
      for (index, _) in known where index != 0 { tried[index].refined = nil }
      tried[0].map = tried[0].transform
      return
    }
    for (index, score) in known where score < 1 - 2 * (1 - top) - 0.005 { tried[index].refined = nil }
  }

  /// The first `most` of some candidates that lie `apart` times the spacing from all before them, at a corner at least.
  private func distinct(_ indices: [Int], apart: Double, most: Int) -> [Int] {
    var chosen: [Int] = []
    for index in indices
    where chosen.count < most && !chosen.contains(where: { areAlike(tried[$0].map, tried[index].map, within: apart * spacing) }) {
      chosen.append(index)
    }
    return chosen
  }

  /// Whether two maps send all corners of the fixed image to about the same places.
  private func areAlike(_ a: Transforms.AffineTransform, _ b: Transforms.AffineTransform, within distance: Double) -> Bool {
    fixed.space.corners(of: fixed.extent).allSatisfy { corner in
      zip(a(corner), b(corner)).map { ($0 - $1) * ($0 - $1) }.reduce(0, +) < distance * distance
    }
  }

  private mutating func refine(
    _ indices: [Int], spacing: Double, radius: Int, models: [AffineOptions.Model], _ decisive: RegistrationMetric
  ) throws {
    guard !indices.isEmpty else { return }
    // One candidate a thread: their images are small.
    let engine = try AffineEngine(
      fixed: fixed.coarsened(toSpacing: spacing), moving: moving.coarsened(toSpacing: spacing), metric: decisive, radius: radius,
      threads: indices.count == 1 ? threads : 1)
    let found = indices.map { tried[$0].map }.concurrentMap(threads: threads) { start in
      var (engine, map, score) = (engine, start, 0.0)
      for model in models {
        let found = engine.optimise(model, iterations: 15, from: map)
        (map, score) = (found.map, found.score)
      }
      return (map: map, score: score)
    }
    for (index, found) in zip(indices, found) {
      let isSound = found.map.fault(largestScale: 2) == nil
      tried[index].refined = isSound ? found.score : nil
      if isSound { tried[index].map = found.map }
    }
  }

  /// The shifts of the highest correlation of the overlap, after rotations about the world's origin.
  private mutating func attemptCorrelation(_ turns: [(name: String, rotation: [[Double]])], to moving: CommonLattice, count: Int) {
    let (fixed, isSigned, threads) = (fixed, decidingMetric != .mi, threads)
    let found = turns.concurrentMap(threads: threads) { name, rotation in
      let lattice = CommonLattice(fixed, rotation: rotation, spacing: moving.spacing)
      let peaks = maskedCorrelationPeaks(
        fixed: lattice.values, fixedMask: lattice.mask, moving: moving.values, movingMask: moving.mask, isSigned: isSigned, count: count,
        threads: turns.count == 1 ? threads : 1)
      return peaks.map { peak -> Candidate in
        (name, Transforms.AffineTransform(matrix: rotation, offset: lattice.translation(of: peak, to: moving)))
      }
    }
    attempt(found.flatMap(\.self))
  }

  /// Whether the identity's score is within a fiftieth of the best one.
  private func isAsGood(_ score: Double, as best: Double) -> Bool { score >= best - 0.02 * abs(best) }

  /// The best candidate; the identity where it is within a fiftieth of the best.
  func result() throws -> InitialisationResult {
    let decisive = decidingMetric
    let scored = tried.map { (candidate: $0, score: $0.similarity.score(decisive)) }
    let top = scored.map(\.score).max() ?? -.infinity
    // Local likeness after refinement tells the right place from its mirror and from its neighbours, which global likeness does not.
    let refined = tried.map { $0.refined ?? -.infinity }
    let highest = refined.max() ?? -.infinity
    let isKept = highest > -.infinity ? isAsGood(refined[0], as: highest) : isAsGood(scored[0].score, as: top)
    let best = isKept ? 0 : highest > -.infinity ? refined.firstIndex(of: highest)! : scored.firstIndex { $0.score == top } ?? 0
    guard top > -.infinity else {
      throw RegistrationError(
        .noOverlap,
        "the images do not overlap, whatever the start: fixed spans \(span(fixed)), moving spans \(span(moving)) (z, y, x)",
        hint: "check spacings and units of both images, or give --initial-transform")
    }
    var names: [String] = []
    for entry in scored where !names.contains(entry.candidate.name) { names.append(entry.candidate.name) }
    let candidates = names.map { name in
      let ofName = scored.indices.filter { scored[$0].candidate.name == name }
      let top = ofName.max { (scored[$0].score, $1) < (scored[$1].score, $0) }!
      let similarity = scored[top].candidate.similarity
      return InitialisationResult.Candidate(
        name: name, score: scored[top].score, correlation: similarity.correlation, information: similarity.information,
        overlap: similarity.overlap)
    }
    // The identity stays what the headers say, where refinement hardly moves it.
    let stays = best == 0 && areAlike(tried[0].transform, tried[0].map, within: 6 * spacing)
    return InitialisationResult(
      transform: (stays ? tried[0].transform : tried[best].map).lowered(to: fixed.rank), name: tried[best].name, metric: decisive,
      candidates: candidates)
  }

  /// The metric asked for; for `auto` correlation where a candidate reaches 0.25 that tells about as much of the other image as any does,
  /// else mutual information: images of different kinds correlate well in wrong places only.
  private var decidingMetric: RegistrationMetric {
    guard metric == .auto else { return metric }
    let most = tried.map { $0.similarity.score(.mi) }.max() ?? 0
    return tried.contains { $0.similarity.score(.lncc) >= 0.25 && $0.similarity.score(.mi) >= 0.8 * most } ? .lncc : .mi
  }

  private var bestScore: Double { tried.map { $0.similarity.score(decidingMetric) }.max() ?? -.infinity }

  private static func placing(_ point: [Double], on target: [Double], rotation: [[Double]]) -> Transforms.AffineTransform {
    let turned = Transforms.AffineTransform(matrix: rotation, offset: [0, 0, 0])(point)
    return Transforms.AffineTransform(matrix: rotation, offset: zip(target, turned).map(-))
  }

  private func centre(of image: PreparedImage) -> [Double] {
    image.space.world(of: (0..<3).map { (Double(image.extent[$0]) - 1) / 2 })
  }

  private func span(_ image: PreparedImage) -> String {
    let corners = image.space.corners(of: image.extent)
    return ((3 - image.rank)..<3).map { axis in
      let values = corners.map { $0[axis] }
      return String(format: "%.4g…%.4g", values.min()!, values.max()!)
    }.joined(separator: ", ")
  }
}
