// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Where the voxels of a lattice lie: `world = origin + direction · (spacing ∘ index)`.
///
/// Axes are listed slowest first (`z, y, x`), for voxel indices and for world coordinates alike; world coordinates are ITK's LPS
/// (x grows to the patient's left, y to posterior, z to superior), so this is ITK's convention with both orders reversed.
public struct PhysicalSpace: Hashable, Sendable {
  /// Distance between voxel centres along each index axis, above zero, in `unit`.
  public var spacing: [Double]
  /// World position of the centre of voxel 0, in `unit`.
  public var origin: [Double]
  /// Rows of the orthonormal direction matrix: `direction[w][a]` is the part of index axis `a` along world axis `w`.
  public var direction: [[Double]]
  /// The unit of spacing and origin; `nil` where the file names none.
  public var unit: LengthUnit?

  /// A space; origin zero and an identity direction unless given.
  public init(spacing: [Double], origin: [Double]? = nil, direction: [[Double]]? = nil, unit: LengthUnit? = nil) {
    self.spacing = spacing
    self.origin = origin ?? [Double](repeating: 0, count: spacing.count)
    self.direction = direction ?? Self.identity(rank: spacing.count)
    self.unit = unit
  }

  /// The number of axes.
  public var rank: Int { spacing.count }

  /// The identity matrix of that rank, as rows.
  public static func identity(rank: Int) -> [[Double]] {
    (0..<rank).map { row in (0..<rank).map { $0 == row ? 1 : 0 } }
  }

  /// The world position of a (fractional) voxel index.
  public func world(of index: [Double]) -> [Double] {
    (0..<rank).map { row in
      var sum = origin[row]
      for axis in 0..<rank { sum += direction[row][axis] * spacing[axis] * index[axis] }
      return sum
    }
  }

  /// The (fractional) voxel index of a world position; the direction is taken as orthonormal.
  public func index(of world: [Double]) -> [Double] {
    (0..<rank).map { axis in
      var sum = 0.0
      for row in 0..<rank { sum += direction[row][axis] * (world[row] - origin[row]) }
      return sum / spacing[axis]
    }
  }

  /// The space of a crop that begins at voxel `lower`.
  public func cropped(at lower: [Int]) -> PhysicalSpace {
    var space = self
    space.origin = world(of: lower.map(Double.init))
    return space
  }

  /// The space after averaging `factors` voxels an axis: the origin moves by `(f − 1) / 2` voxels (the half-pixel rule).
  public func downsampled(by factors: [Int]) -> PhysicalSpace {
    var space = self
    space.origin = world(of: factors.map { (Double($0) - 1) / 2 })
    space.spacing = zip(spacing, factors).map { $0 * Double($1) }
    return space
  }

  /// The same space with its numbers in another unit; unchanged where either unit is unknown.
  public func converted(to target: LengthUnit?) -> PhysicalSpace {
    guard let unit, let target, unit != target else { return self }
    let factor = unit.factor(to: target)
    var space = self
    space.spacing = spacing.map { $0 * factor }
    space.origin = origin.map { $0 * factor }
    space.unit = target
    return space
  }

  /// World positions of the corners of a lattice of `extent`, at voxel centres.
  public func corners(of extent: Extent) -> [[Double]] {
    Box(lower: [Int](repeating: 0, count: rank), upper: [Int](repeating: 2, count: rank)).indices.map { corner in
      world(of: (0..<rank).map { corner[$0] == 0 ? 0 : Double(extent[$0] - 1) })
    }
  }

  /// The space with an axis of one voxel put before the others (2D as one plane of 3D), its spacing the mean of the others.
  public func liftedToThreeAxes() -> PhysicalSpace {
    guard rank == 2 else { return self }
    return PhysicalSpace(
      spacing: [(spacing[0] + spacing[1]) / 2] + spacing, origin: [0] + origin,
      direction: [[1, 0, 0], [0] + direction[0], [0] + direction[1]], unit: unit)
  }
}
