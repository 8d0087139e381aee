// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

/// Tries candidates on coarse copies of a pair and remembers how each did.
struct CandidateSearch {
  let fixed: PreparedImage
  let moving: PreparedImage
  let spacing: Double
  let metric: RegistrationMetric
  private var tried: [(name: String, transform: Transforms.AffineTransform, similarity: Similarity)] = []

  init(fixed: PreparedImage, moving: PreparedImage, spacing: Double, metric: RegistrationMetric) {
    self.fixed = fixed
    self.moving = moving
    self.spacing = spacing
    self.metric = metric
  }

  /// Scores one map of rank 3.
  private mutating func attempt(_ name: String, _ transform: Transforms.AffineTransform) {
    tried.append((name, transform, Similarity(fixed: fixed, moving: moving, transform: transform)))
  }

  /// Tries everything, cheap ways first: among equals the earlier one wins.
  mutating func run(triesRotations: Bool) {
    let identity = PhysicalSpace.identity(rank: 3)
    attempt("identity", .identity(rank: 3))
    attempt("geometric centres", Self.placing(centre(of: fixed), on: centre(of: moving), rotation: identity))
    let moments = (ImageMoments(of: fixed), ImageMoments(of: moving))
    if case (let fixedMoments?, let movingMoments?) = moments {
      attempt("centre of mass", Self.placing(fixedMoments.centre, on: movingMoments.centre, rotation: identity))
    }
    let movingLattice = CommonLattice(moving, rotation: identity, spacing: spacing)
    let fixedLattice = CommonLattice(fixed, rotation: identity, spacing: spacing)
    for peak in phaseCorrelationPeaks(fixed: fixedLattice.windowed, moving: movingLattice.windowed, count: 6) {
      attempt("phase correlation", .translation(fixedLattice.translation(of: peak, to: movingLattice)))
    }
    attemptCorrelation("overlap correlation", rotation: identity, to: movingLattice, count: 3)
    if decidingMetric == .mi { attemptCorrelation("overlap correlation", rotation: identity, to: movingLattice, count: 3) }
    guard triesRotations else { return }
    if case (let fixedMoments?, let movingMoments?) = moments {
      for rotation in ImageMoments.rotations(fixed: fixedMoments, moving: movingMoments, rank: fixed.rank) {
        attempt("principal axes", Self.placing(fixedMoments.centre, on: movingMoments.centre, rotation: rotation))
        attemptCorrelation("principal axes, overlap correlation", rotation: rotation, to: movingLattice, count: 1)
      }
    }
    if fixed.rank == 2 {
      for rotation in Rotations.ofPlane {
        attemptCorrelation("rotation, overlap correlation", rotation: rotation, to: movingLattice, count: 1)
      }
    } else if bestScore < 0.5 {
      attemptRotationsOfSpace(to: movingLattice)
    }
  }

  /// Tries turned volumes on lattices of twice the spacing, and what does best there on the usual ones.
  private mutating func attemptRotationsOfSpace(to movingLattice: CommonLattice) {
    let coarse = CommonLattice(moving, rotation: PhysicalSpace.identity(rank: 3), spacing: 2 * spacing)
    var ranked: [(rotation: [[Double]], strength: Float)] = []
    for rotation in Rotations.ofSpace {
      let lattice = CommonLattice(fixed, rotation: rotation, spacing: 2 * spacing)
      if let peak = peaks(lattice, coarse, count: 1).first { ranked.append((rotation, peak.strength)) }
    }
    let order = ranked.indices.sorted { (ranked[$0].strength, $1) > (ranked[$1].strength, $0) }
    for index in order.prefix(4) {
      attemptCorrelation("rotation, overlap correlation", rotation: ranked[index].rotation, to: movingLattice, count: 1)
    }
  }

  /// The shifts of the highest correlation of the overlap, after a rotation about the world's origin.
  private mutating func attemptCorrelation(_ name: String, rotation: [[Double]], to movingLattice: CommonLattice, count: Int) {
    let lattice = CommonLattice(fixed, rotation: rotation, spacing: spacing)
    for peak in peaks(lattice, movingLattice, count: count) {
      attempt(name, Transforms.AffineTransform(matrix: rotation, offset: lattice.translation(of: peak, to: movingLattice)))
    }
  }

  private func peaks(_ fixed: CommonLattice, _ moving: CommonLattice, count: Int) -> [CorrelationPeak] {
    maskedCorrelationPeaks(
      fixed: fixed.values, fixedMask: fixed.mask, moving: moving.values, movingMask: moving.mask, isSigned: decidingMetric != .mi,
      count: count)
  }

  /// The best candidate; the identity where it is within a fiftieth of the best.
  func result() throws -> InitialisationResult {
    let decisive = decidingMetric
    let scored = tried.map { (candidate: $0, score: $0.similarity.score(decisive)) }
    let top = scored.map(\.score).max() ?? -.infinity
    // The first candidate is the identity: headers are to be believed unless another place is clearly better.
    let best = scored[0].score >= top - 0.02 * abs(top) ? 0 : scored.firstIndex { $0.score == top } ?? 0
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
    return InitialisationResult(
      transform: scored[best].candidate.transform.lowered(to: fixed.rank), name: scored[best].candidate.name, metric: decisive,
      candidates: candidates)
  }

  /// The metric asked for; for `auto` correlation where any candidate reaches 0.25, else mutual information.
  private var decidingMetric: RegistrationMetric {
    guard metric == .auto else { return metric }
    let best = tried.map { $0.similarity.score(.lncc) }.max() ?? 0
    return best >= 0.25 ? .lncc : .mi
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
