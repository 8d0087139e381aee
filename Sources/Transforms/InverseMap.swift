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

/// The inverse of a displacement, found point by point.
///
/// By fixed-point iteration `x ← x − (T(x) − y)` (Chen et al., A simple fixed-point approach to invert a deformation field, Med. Phys. 35,
/// 2008), and where that does not settle by Newton's method with derivatives from differences, its steps bounded.
public struct InverseMap: PointMap {
  let map: any PointMap
  let lattice: FieldLattice
  let tolerance: Double
  let notes: InversionNotes
  private let voxel: Double

  private static let fixedPointRounds = 30
  private static let newtonRounds = 30

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
    let targets = points
    var remaining = [Double](repeating: .infinity, count: points.count)
    var best = points
    var active = Array(points.indices)
    func errors(_ places: [SIMD3<Double>]) throws -> [SIMD3<Double>] {
      var moved = places
      try map.move(&moved)
      return moved.indices.map { moved[$0] - targets[active[$0]] }
    }
    for round in 0..<Self.fixedPointRounds + Self.newtonRounds where !active.isEmpty {
      let places = active.map { points[$0] }
      let here = try errors(places)
      var left: [Int] = []
      for (number, i) in active.enumerated() {
        let length = (here[number] * here[number]).sum().squareRoot()
        if length < remaining[i] { (remaining[i], best[i]) = (length, places[number]) }
        if length > tolerance * voxel * 0.5 { left.append(number) }
      }
      if left.isEmpty { break }
      let kept = left.map { here[$0] }
      active = left.map { active[$0] }
      if round < Self.fixedPointRounds {
        for (number, i) in active.enumerated() { points[i] -= kept[number] }
      } else {
        if round == Self.fixedPointRounds { for i in active { points[i] = best[i] } }
        try newton(&points, active, round == Self.fixedPointRounds ? nil : kept, errors)
      }
    }
    points = best
    note(points, remaining)
  }

  /// One bounded step of Newton's method for the points at `active`.
  private func newton(
    _ points: inout [SIMD3<Double>], _ active: [Int], _ known: [SIMD3<Double>]?, _ errors: ([SIMD3<Double>]) throws -> [SIMD3<Double>]
  ) throws {
    let places = active.map { points[$0] }
    let here = try known ?? errors(places)
    let step = 0.05 * voxel
    let columns = try (0..<3).map { axis -> [SIMD3<Double>] in
      var way = SIMD3<Double>()
      way[axis] = step
      return zip(try errors(places.map { $0 + way }), here).map { ($0 - $1) / step }
    }
    for (number, i) in active.enumerated() {
      points[i] -= Self.newtonStep(columns.map { $0[number] }, here[number], atMost: 2 * voxel)
    }
  }

  /// What to go back by for an error to vanish, with the derivatives along each axis; no further than `longest`.
  static func newtonStep(_ columns: [SIMD3<Double>], _ error: SIMD3<Double>, atMost longest: Double) -> SIMD3<Double> {
    let (a, b, c) = (columns[0], columns[1], columns[2])
    let determinant = (a * cross(b, c)).sum()
    var step = error
    if abs(determinant) > 1e-6 {
      step = SIMD3((error * cross(b, c)).sum(), (a * cross(error, c)).sum(), (a * cross(b, error)).sum()) / determinant
    }
    let length = (step * step).sum().squareRoot()
    return length > longest ? step * (longest / length) : step
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

private func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
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
