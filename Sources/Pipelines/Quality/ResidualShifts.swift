// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Registration
internal import Volumes

/// How far parts of a registered image still lie off the fixed one, weighed by their tissue.
struct ResidualShifts {
  /// Images of different kinds have their edges in common.
  let metric: RegistrationMetric
  /// Whether the way back is looked at, too.
  let isBothWays: Bool
  let threads: Int
  private var all = 0.0
  private var evident: [(length: Double, weight: Double)] = []
  private var apart: [(length: Double, weight: Double)] = []

  /// A peak that stands out so far from other shifts' correlations is no chance, nor is so high a one.
  private static let leastSharpness = 4.0
  private static let leastPeak = 0.5
  /// Local energies, of 1 at the most, at which an image shows something, and at which it shows next to nothing.
  private static let (something, nothing): (Float, Float) = (0.5, 0.1)

  init(metric: RegistrationMetric, isBothWays: Bool, threads: Int) {
    self.metric = metric
    self.isBothWays = isBothWays
    self.threads = threads
  }

  /// Looks at a probe.
  ///
  /// - Parameters:
  ///   - fixed: the fixed image in and around the probe.
  ///   - registered: the registered image there.
  ///   - tissue: where both have numbers, and there is tissue.
  mutating func add(_ fixed: VoxelBuffer<Float>, _ registered: VoxelBuffer<Float>, _ tissue: VoxelBuffer<UInt8>, in probe: Box) {
    let (target, moving) = (contrast(fixed, tissue), contrast(registered, tissue))
    let (shownTarget, shownMoving) = (target.inside(tissue), isBothWays ? moving.inside(tissue) : moving)
    let shown = tissue.without(lacking(target, moving))
    let edge = probe.extent[0] == 1 ? 64 : 32
    let size = Extent(
      probe.extent.lengths.map { length in
        let count = max(1, length / edge)
        return (length + count - 1) / count
      })
    for part in probe.tiles(of: size) {
      let count = Double(tissue.cropped(to: part).elements.count { $0 != 0 })
      guard count * 5 >= Double(part.count) else { continue }
      all += count
      guard let found = residualShift(fixed: shownTarget, moving: moving, in: part) else { continue }
      if isBothWays, let back = residualShift(fixed: shownMoving, moving: target, in: part) {
        apart.append((zip(found.shift, back.shift).map { ($0 + $1) * ($0 + $1) }.reduce(0, +).squareRoot(), count))
      }
      guard !found.isAtBorder, found.sharpness >= Self.leastSharpness || found.peak >= Self.leastPeak else { continue }
      evident.append((found.length, Double(shown.cropped(to: part).elements.count { $0 != 0 })))
    }
  }

  /// What shows where things lie.
  private func contrast(_ image: VoxelBuffer<Float>, _ tissue: VoxelBuffer<UInt8>) -> VoxelBuffer<Float> {
    guard metric == .mi else { return locallyNormalized(image, mask: tissue, threads: threads) }
    let slope = gradient(of: image, threads: threads)
    var edges = image
    for i in edges.elements.indices {
      let (z, y, x) = (slope.z.elements[i], slope.y.elements[i], slope.x.elements[i])
      edges.elements[i] = (z * z + y * y + x * x).squareRoot()
    }
    return locallyNormalized(edges, mask: tissue, threads: threads)
  }

  /// Where the fixed image has structure and the moving one has none, so that nothing there tells where it belongs.
  private func lacking(_ target: VoxelBuffer<Float>, _ moving: VoxelBuffer<Float>) -> [Bool] {
    func energy(_ image: VoxelBuffer<Float>) -> [Float] {
      smoothed(image.mapVoxels { $0 * $0 }, sigma: image.extent.lengths.map { $0 > 1 ? 2.5 : 0 }, threads: threads).elements
    }
    return zip(energy(target), energy(moving)).map { $0 > Self.something && $1 < Self.nothing }
  }

  private var told: Double { evident.map(\.weight).reduce(0, +) }

  /// Two thirds of the tissue lie no further off, in voxels; `nil` where nothing tells.
  var residual: Double? { Self.twoThirds(evident) }

  /// In two thirds of the tissue the ways there and back lie no further apart, in voxels.
  var forwardBackward: Double? { Self.twoThirds(apart) }

  private static func twoThirds(_ parts: [(length: Double, weight: Double)]) -> Double? {
    let total = parts.map(\.weight).reduce(0, +)
    guard total > 0 else { return nil }
    var left = total * 2 / 3
    return parts.sorted { $0.length < $1.length }.first { part in
      left -= part.weight
      return left <= 0
    }?.length
  }

  /// The part of the tissue that tells, in per cent; `nil` where there is too little to look at.
  var evidencePercent: Double? { all > 0 ? 100 * told / all : nil }
}

extension VoxelBuffer<Float> {
  /// Zero outside a mask.
  fileprivate func inside(_ mask: VoxelBuffer<UInt8>) -> VoxelBuffer<Float> {
    var result = self
    for i in result.elements.indices where mask.elements[i] == 0 { result.elements[i] = 0 }
    return result
  }
}

extension VoxelBuffer<UInt8> {
  /// A mask without some voxels.
  fileprivate func without(_ others: [Bool]) -> VoxelBuffer<UInt8> {
    var mask = self
    for i in mask.elements.indices where others[i] { mask.elements[i] = 0 }
    return mask
  }

  /// A mask without what is no number in one of two images.
  func whereNumbers(_ first: VoxelBuffer<Float>, _ second: VoxelBuffer<Float>) -> VoxelBuffer<UInt8> {
    var mask = self
    for i in mask.elements.indices where !first.elements[i].isFinite || !second.elements[i].isFinite { mask.elements[i] = 0 }
    return mask
  }
}
