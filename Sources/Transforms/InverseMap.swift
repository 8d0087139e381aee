// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Synchronization
internal import Volumes

/// How well a map was inverted.
public final class InversionNotes: Sendable {
  /// What was noted so far.
  public struct Summary: Sendable, Equatable {
    /// The largest distance that remains inside the field's lattice, in its voxels.
    public var largestResidual = 0.0
    /// Points inside that remain farther off than the tolerance.
    public var unresolved = 0
    /// Points that were sought.
    public var points = 0
  }

  private let noted = Mutex(Summary())

  /// Nothing noted yet.
  public init() {}

  /// What was noted.
  public var summary: Summary { noted.withLock { $0 } }

  fileprivate func add(residual: Double, unresolved: Int, points: Int) {
    noted.withLock {
      $0.largestResidual = max($0.largestResidual, residual)
      $0.unresolved += unresolved
      $0.points += points
    }
  }
}

/// The inverse of a displacement, found point by point by `InverseSearch`.
public struct InverseMap: PointMap {
  let map: any PointMap
  let lattice: FieldLattice
  let tolerance: Double
  let notes: InversionNotes
  private let voxel: Double

  /// - Parameters:
  ///   - map: what is inverted, a map near the identity without a jump at its lattice's border.
  ///   - lattice: where it is known.
  ///   - tolerance: in voxels of the lattice, the finest axis.
  ///   - notes: told how well it went.
  public init(of map: any PointMap, on lattice: FieldLattice, tolerance: Double, notes: InversionNotes) {
    self.map = map
    self.lattice = lattice
    self.tolerance = tolerance
    self.notes = notes
    voxel = lattice.finestSpacing
  }

  public func move(_ points: inout [SIMD3<Double>]) throws {
    let search = InverseSearch(tolerance: tolerance * voxel * 0.5, voxel: voxel)
    let (places, residuals) = try search.places(mappedTo: points, from: points, by: map)
    note(places, residuals)
    points = places
  }

  private func note(_ points: [SIMD3<Double>], _ remaining: [Double]) {
    let space = lattice.space
    var (largest, unresolved) = (0.0, 0)
    for i in points.indices where remaining[i] > tolerance * voxel * 0.5 {
      let index = space.index(of: [points[i][0], points[i][1], points[i][2]])
      guard (0..<3).allSatisfy({ lattice.extent[$0] == 1 || (index[$0] >= 0 && index[$0] <= Double(lattice.extent[$0] - 1)) }) else {
        continue
      }
      largest = max(largest, remaining[i] / voxel)
      if remaining[i] > tolerance * voxel { unresolved += 1 }
    }
    let settled = remaining.filter { $0 <= tolerance * voxel * 0.5 }.max() ?? 0
    notes.add(residual: max(largest, settled / voxel), unresolved: unresolved, points: points.count)
  }
}

extension PartedMap {
  /// The steps undone in reverse order, each displacement by iteration.
  ///
  /// - Parameters:
  ///   - tolerance: in voxels of each displacement's lattice.
  ///   - notes: told how well it goes while points are moved.
  /// - Returns: `nil` where an affine step cannot be undone.
  public func inverse(tolerance: Double, notes: InversionNotes) -> PartedMap? {
    var steps: [MapPart] = []
    for part in parts.reversed() {
      switch part {
      case .affine(let map):
        guard let back = map.inverse else { return nil }
        steps.append(.affine(back))
      case .displacement(let map, let lattice):
        steps.append(.displacement(InverseMap(of: map, on: lattice, tolerance: tolerance, notes: notes), on: lattice))
      }
    }
    return PartedMap(steps)
  }
}
