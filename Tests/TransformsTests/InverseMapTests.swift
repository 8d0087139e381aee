// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import TestSupport
import Testing
import Transforms
import Volumes

/// Inverses by iteration.
@Suite struct InverseMapTests {
  /// A lattice of unequal spacing that is turned in the world.
  static let lattice = FieldLattice(
    extent: [20, 24, 28],
    space: PhysicalSpace(spacing: [3, 2, 1.5], origin: [30, 5, -10], direction: [[0.8, 0, -0.6], [0, 1, 0], [0.6, 0, 0.8]]))

  /// Displacements of so many voxels along y, a sine along each axis.
  static func field(_ size: Double) -> DisplacementField {
    var vectors = VectorField(zeros: lattice.extent)
    for (number, index) in lattice.extent.box.indices.enumerated() {
      let wave = (0..<3).map { sin(Double(index[$0]) * 2 * .pi / Double(lattice.extent[$0] - 1)) }.reduce(1, *)
      vectors.z.elements[number] = Float(0.7 * size * 2 * wave)
      vectors.y.elements[number] = Float(size * 2 * wave)
      vectors.x.elements[number] = Float(-0.5 * size * 2 * wave)
    }
    return DisplacementField(vectors: vectors, space: lattice.space)
  }

  @Test(arguments: [(0.5, 0.01), (2, 0.01), (2, 0.0001)])
  func anInverseUndoesTheMap(size: Double, tolerance: Double) throws {
    let turn = AffineTransform(matrix: [[0.9, 0.3, 0], [-0.3, 0.9, 0.1], [0, 0.2, 1.1]], offset: [3, -4, 5])
    let map = PartedMap([.displacement(FieldMap(Self.field(size), edge: .nearest), on: Self.lattice), .affine(turn)])
    let notes = InversionNotes()
    let inverse = try #require(map.inverse(tolerance: tolerance, notes: notes))
    let start = (0..<200).map { n -> SIMD3<Double> in
      let world = Self.lattice.space.world(of: [Double(n % 19), Double(n % 23), Double(n % 27)])
      return SIMD3(world[0], world[1], world[2])
    }
    var points = start
    try map.move(&points)
    try inverse.move(&points)
    let off = zip(points, start).map { (($0 - $1) * ($0 - $1)).sum().squareRoot() }.max()!
    // The map stretches by less than three.
    #expect(off < 3 * tolerance * Self.lattice.finestSpacing, "\(off)")
    #expect(notes.summary.largestResidual <= tolerance && notes.summary.unresolved == 0 && notes.summary.points == 200)
  }

  @Test func whereAMapFoldsItIsTold() throws {
    let map = FieldMap(Self.field(12), edge: .nearest)
    let notes = InversionNotes()
    let inverse = InverseMap(of: map, on: Self.lattice, tolerance: 0.01, notes: notes)
    // A jump cannot be inverted: points in the gap have no origin.
    struct Torn: PointMap {
      func move(_ points: inout [SIMD3<Double>]) { for i in points.indices { points[i][2] += points[i][2] > 0 ? 5 : -5 } }
    }
    var points = [SIMD3<Double>(40, 20, 0.5)]
    let torn = InversionNotes()
    try InverseMap(of: Torn(), on: Self.lattice, tolerance: 0.01, notes: torn).move(&points)
    #expect(torn.summary.points == 1)
    var many = (0..<500).map { n -> SIMD3<Double> in
      let world = Self.lattice.space.world(of: [Double(n % 19), Double(n % 23), Double(n % 27)])
      return SIMD3(world[0], world[1], world[2])
    }
    let targets = many
    try inverse.move(&many)
    // What is said to be found is found.
    var back = many
    map.move(&back)
    let missed = zip(back, targets).count { (($0 - $1) * ($0 - $1)).sum().squareRoot() > 0.01 * Self.lattice.finestSpacing }
    #expect(missed >= notes.summary.unresolved)
    #expect(zip(back, targets).allSatisfy { $0[0].isFinite && $1[0].isFinite })
  }

  /// Of one method: images ask place by place, points and displacement fields many at once.
  @Test(arguments: [0.5, 2, 5, 12]) func oneByOneAndManyAtOnceFindTheSame(size: Double) throws {
    let map = FieldMap(Self.field(size), edge: .nearest)
    let search = InverseSearch(tolerance: 1e-4, voxel: 1.5)
    var random = SeededGenerator(seed: 5)
    let targets = (0..<300).map { _ -> SIMD3<Double> in
      let world = Self.lattice.space.world(of: (0..<3).map { Double.random(in: -3...Double(Self.lattice.extent[$0] + 3), using: &random) })
      return SIMD3(world[0], world[1], world[2])
    }
    let many = try search.places(mappedTo: targets, from: targets, by: map)
    for (i, target) in targets.enumerated() {
      let one = search.place(mappedTo: target, from: target) { place in
        var points = [place]
        map.move(&points)
        return points[0]
      }
      #expect(one.place == many.places[i] && one.residual == many.residuals[i])
      // What remains is told truly.
      let missed = map.displacement(at: one.place) + one.place - target
      #expect(abs((missed * missed).sum().squareRoot() - one.residual) < 1e-12)
    }
    if size < 3 { #expect(many.residuals.allSatisfy { $0 <= 1e-4 }) }
  }

  @Test func whatIsNowhereIsNotSearchedFor() throws {
    let map = FieldMap(Self.field(2), edge: .nearest)
    let targets = [SIMD3(1e300, 0, 0), SIMD3(.nan, 0, 0), SIMD3(.infinity, 0, 0), SIMD3(40.0, 20, 5)]
    let found = try InverseSearch(tolerance: 1e-4, voxel: 1).places(mappedTo: targets, from: targets, by: map)
    #expect(found.residuals.map(\.isFinite) == [false, false, false, true])
  }

  @Test func aSingularMapHasNoInverse() {
    let flat = AffineTransform(matrix: [[1, 0, 0], [0, 1, 1], [0, 1, 1]], offset: [0, 0, 0])
    #expect(PartedMap([.affine(flat)]).inverse(tolerance: 0.01, notes: InversionNotes()) == nil)
  }

  @Test func beyondItsLatticeAFieldOfITKDisplacesNothing() throws {
    let field = Self.field(2)
    func moved(_ index: [Double], _ edge: FieldMap.Edge) throws -> Double {
      let world = Self.lattice.space.world(of: index)
      let there = try FieldMap(field, edge: edge).moved(world)
      return zip(there, world).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
    }
    var constant = field
    for axis in 0..<3 { constant.vectors[axis] = VoxelBuffer(extent: field.vectors.extent, repeating: 1) }
    func shift(_ index: [Double], _ edge: FieldMap.Edge) throws -> Double {
      let world = Self.lattice.space.world(of: index)
      return try FieldMap(constant, edge: edge).moved(world)[0] - world[0]
    }
    #expect(abs(try shift([-0.4, 3, 3], .none) - 1) < 1e-6)
    #expect(try shift([-0.6, 3, 3], .none) == 0)
    #expect(abs(try shift([-0.6, 3, 3], .nearest) - 1) < 1e-6)
    #expect(try moved([5, 6, 7], .none) == moved([5, 6, 7], .nearest))
  }
}
