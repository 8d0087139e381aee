// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// One image at several resolutions, finest first.
public struct VolumePyramid: Sendable {
  /// The levels, finest first; at least one.
  public let levels: [LazyVolume]

  /// A pyramid of the given levels.
  public init(levels: [LazyVolume]) {
    precondition(!levels.isEmpty, "a pyramid has at least one level")
    self.levels = levels
  }

  /// The finest level.
  public var finest: LazyVolume { levels[0] }

  /// The image averaged over `factors` voxels of the finest level an axis: from the level that gives it exactly, else from the
  /// coarsest level that divides it and lies where averaging puts it.
  ///
  /// A level is taken where its extent (a ragged last voxel kept or dropped) and spacing are those that averaging gives, its origin follows
  /// the half-pixel rule or is that of the finest level, as where a writer left the rule out, and its voxels, compared at the first
  /// read, show what averaging gives.
  public func downsampled(by factors: [Int]) -> LazyVolume {
    var best = (level: finest, rest: factors)
    for level in levels.dropFirst() {
      guard let reached = factorsReached(by: level), zip(factors, reached).allSatisfy({ $0 % $1 == 0 }) else { continue }
      let rest = zip(factors, reached).map(/)
      guard rest.reduce(1, *) < best.rest.reduce(1, *) else { continue }
      let source = CheckedLevelSource(level: level.source, finest: finest.source, factors: reached)
      best = (LazyVolume(source: source, space: level.space, name: level.name), rest)
    }
    let result = best.level.downsampled(by: best.rest)
    return result.placed(in: finest.space.downsampled(by: factors))
  }

  /// The whole factors by which `level` is said to be the mean of the finest one; `nil` where its place or size says otherwise.
  private func factorsReached(by level: LazyVolume) -> [Int]? {
    let ratios = zip(level.space.spacing, finest.space.spacing).map(/)
    guard ratios.allSatisfy({ $0 < 1e9 }) else { return nil }
    let factors = ratios.map { Int($0.rounded()) }
    guard factors.allSatisfy({ $0 >= 1 }) else { return nil }
    let expected = finest.space.downsampled(by: factors)
    let offset = expected.index(of: level.space.origin)
    let unshifted = expected.index(of: finest.space.origin)
    guard [offset, zip(offset, unshifted).map(-)].contains(where: { $0.allSatisfy { abs($0) < 0.01 } }) else { return nil }
    let covered = finest.extent.dividedRoundingUp(by: Extent(factors))
    for axis in 0..<finest.rank {
      guard abs(level.space.spacing[axis] / expected.spacing[axis] - 1) < 0.01 / Double(max(level.extent[axis], 1)) + 1e-6 else {
        return nil
      }
      // Some writers average a ragged last voxel, others drop it.
      guard level.extent[axis] == covered[axis] || level.extent[axis] == finest.extent[axis] / factors[axis] else { return nil }
    }
    return factors
  }
}
