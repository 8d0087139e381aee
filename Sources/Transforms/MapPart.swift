// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Volumes

/// Where a displacement field is sampled: voxels and their place, on three axes (2D as one plane).
public struct FieldLattice: Sendable, Equatable {
  /// Nodes along z, y, x.
  public var extent: Extent
  /// Where they lie.
  public var space: PhysicalSpace

  /// A lattice of three axes.
  public init(extent: Extent, space: PhysicalSpace) {
    precondition(extent.rank == 3 && space.rank == 3, "a field lies on a lattice of three axes, 2D as one plane")
    self.extent = extent
    self.space = space
  }

  /// The least distance of two nodes along the axes that have several.
  public var finestSpacing: Double {
    let used = (0..<3).filter { extent[$0] > 1 }
    return (used.isEmpty ? [1, 2] : used).map { space.spacing[$0] }.min()!
  }

  /// The same in another unit; unchanged where either is unknown.
  public func converted(to unit: LengthUnit?) -> FieldLattice { FieldLattice(extent: extent, space: space.converted(to: unit)) }

  /// The same numbers in another unit, or in none.
  package func labelled(_ unit: LengthUnit?) -> FieldLattice { FieldLattice(extent: extent, space: space.labelled(unit)) }

  /// A lattice over the same region, its nodes as far apart as given; an axis of one node stays.
  ///
  /// - Parameter spacing: z, y, x (2D: y, x), in the lattice's unit.
  public func resampled(spacing: [Double]) -> FieldLattice {
    let wanted = [Double](repeating: space.spacing[0], count: 3 - spacing.count) + spacing
    var result = self
    let lengths = (0..<3).map { axis in
      extent[axis] == 1 ? 1 : Int((Double(extent[axis] - 1) * space.spacing[axis] / wanted[axis] - 1e-9).rounded(.up)) + 1
    }
    result.extent = Extent(lengths)
    result.space.spacing = (0..<3).map { extent[$0] == 1 ? space.spacing[$0] : wanted[$0] }
    return result
  }

  /// The lattice with so many nodes more on each side of the axes that have several.
  package func padded(by nodes: [Int]) -> FieldLattice {
    let more = (0..<3).map { extent[$0] == 1 ? 0 : nodes[$0] }
    return FieldLattice(extent: Extent((0..<3).map { extent[$0] + 2 * more[$0] }), space: space.cropped(at: more.map { -$0 }))
  }
}

extension PhysicalSpace {
  /// The same numbers in another unit, or in none.
  package func labelled(_ unit: LengthUnit?) -> PhysicalSpace {
    var space = self
    space.unit = unit
    return space
  }
}

/// One step of a transform that may lie anywhere: an affine map, or a displacement about a lattice.
public enum MapPart: Sendable {
  case affine(AffineTransform)
  /// A map near the identity, and the lattice on which it is known.
  case displacement(any PointMap, on: FieldLattice)
}

/// Steps of a transform, in the order in which a point goes through them.
public struct PartedMap: PointMap {
  /// The steps, on three axes.
  public var parts: [MapPart]

  /// A transform of some steps; none leave every point where it is.
  public init(_ parts: [MapPart]) { self.parts = parts }

  public func move(_ points: inout [SIMD3<Double>]) throws {
    for part in parts {
      switch part {
      case .affine(let map): map.move(&points)
      case .displacement(let map, _): try map.move(&points)
      }
    }
  }

  /// The product of the affine steps; `nil` where there are displacements, too.
  public var affine: AffineTransform? {
    parts.contains { if case .displacement = $0 { true } else { false } } ? nil : linear
  }

  /// The product of the affine steps alone.
  package var linear: AffineTransform {
    var whole = AffineTransform.identity(rank: 3)
    for case .affine(let map) in parts { whole = map.after(whole) }
    return whole
  }

  /// The same numbers in another unit, or in none.
  package func labelled(_ unit: LengthUnit?) -> PartedMap {
    PartedMap(parts.map { if case .displacement(let map, let lattice) = $0 { .displacement(map, on: lattice.labelled(unit)) } else { $0 } })
  }

  /// The same with lengths `factor` times as large.
  package func scaled(by factor: Double, unit: LengthUnit?) -> PartedMap {
    if factor == 1 { return self }
    return PartedMap(
      parts.map { part in
        switch part {
        case .affine(let map): .affine(map.scaled(by: factor))
        case .displacement(let map, let lattice):
          .displacement(ScaledMap(base: map, factor: factor), on: lattice.converted(to: unit))
        }
      })
  }
}

/// A map of points in another unit.
private struct ScaledMap: PointMap {
  let base: any PointMap
  let factor: Double

  func move(_ points: inout [SIMD3<Double>]) throws {
    for i in points.indices { points[i] /= factor }
    try base.move(&points)
    for i in points.indices { points[i] *= factor }
  }
}

extension TransformChain {
  /// The chain as steps.
  ///
  /// - Parameter edge: what holds beyond a field's lattice.
  public func parted(edge: FieldMap.Edge = .none) -> PartedMap {
    PartedMap(
      simplified.parts.map { part in
        switch part {
        case .affine(let map): .affine(map)
        case .field(let field):
          .displacement(FieldMap(field, edge: edge), on: FieldLattice(extent: field.vectors.extent, space: field.space))
        }
      })
  }
}
