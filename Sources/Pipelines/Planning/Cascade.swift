// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// Which levels lie between the coarse stage and full resolution.
enum Cascade {
  /// Voxels of a finer level for one of a coarser.
  static let step = 4.0
  /// Coarse factors below this leave no more than one level of blocks can find.
  static let leastFactor = 8

  /// The scales of the block levels after a coarse stage at `factor`, coarsest first: each about four times finer, powers of two as pyramids
  /// have them, the last 1. 32 gives 8, 2, 1; below 8 there is full resolution alone.
  static func scales(coarseFactor factor: Int) -> [Int] {
    var scales: [Int] = []
    var scale = factor
    while scale >= leastFactor {
      // The power of two that is nearest as a ratio.
      let wanted = Double(scale) / step
      var next = 1
      while Double(next * next * 2) < wanted * wanted { next *= 2 }
      if next == 1 { break }
      scales.append(next)
      scale = next
    }
    return scales + [1]
  }

  /// Scales with the factors of the fixed image, those left out that are no finer than what comes before, or are full resolution.
  ///
  /// - Parameters:
  ///   - asked: scales above 1 that are asked for; `nil` takes those that suit the coarse factors.
  ///   - region: voxels of the region that is registered.
  ///   - spacing: of the finest fixed level; infinite along axes of one voxel.
  static func levels(asked: [Int]?, coarseFactors: [Int], region: Extent, spacing: [Double]) -> [(scale: Int, factors: [Int])] {
    let finest = spacing.min() ?? 1
    var last = coarseFactors
    var levels: [(scale: Int, factors: [Int])] = []
    for scale in (asked ?? scales(coarseFactor: coarseFactors.max()!)).sorted(by: >) where scale > 1 {
      let found = PhysicalScale.factors(extent: region, spacing: spacing, target: Double(scale) * finest)
      let factors = zip(found, last).map(min)
      if factors == last || factors.allSatisfy({ $0 == 1 }) { continue }
      levels.append((scale, factors))
      last = factors
    }
    return levels + [(1, [1, 1, 1])]
  }
}
