// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import TestSupport
import Testing
import Transforms
import Volumes

struct ComposedTransformTests {
  static let turn = 0.3
  static let affine = AffineTransform(
    matrix: [[1.1, 0.05, -0.02], [0.03, cos(turn), -sin(turn)], [0.01, sin(turn), cos(turn)]], offset: [2, -3, 4])
  static let fixedSpace = PhysicalSpace(
    spacing: [2, 1, 0.5], origin: [10, 20, -5], direction: [[1, 0, 0], [0, cos(0.2), -sin(0.2)], [0, sin(0.2), cos(0.2)]])
  static let movingSpace = PhysicalSpace(spacing: [1.5, 0.8, 0.7], origin: [-3, 2, 1])
  static let extent: Extent = [16, 24, 32]

  static func coarse() -> DisplacementField {
    let space = fixedSpace.downsampled(by: [2, 4, 4])
    let extent: Extent = [8, 6, 8]
    let vectors = SplineFieldTests.field(over: extent.box) { axis, v in sin(0.7 * Double(v[axis]) + Double(v[(axis + 1) % 3])) }
    return DisplacementField(vectors: vectors, space: space)
  }

  static func local() -> SplineField {
    let dense = SplineFieldTests.field(over: extent.box) { axis, v in 0.8 * cos(0.25 * Double(v[axis]) + 0.1 * Double(v[2])) }
    return SplineField.fitting(dense, over: extent.box, on: SplineLattice(extent: extent, stride: 4))
  }

  @Test func theLocalFieldComesFirstThenCoarseThenAffine() {
    let transform = ComposedTransform(affine: Self.affine, coarse: Self.coarse(), fixedSpace: Self.fixedSpace)
    let local = Self.local()
    let voxel = [5.3, 7.1, 20.6]
    let moved = zip(voxel, local.displacement(at: voxel)).map(+)
    let world = Self.fixedSpace.world(of: moved)
    let expected = Self.affine(zip(world, Self.coarse().displacement(at: world)).map(+))
    let found = transform.map(fixedVoxel: voxel, local: local)
    for axis in 0..<3 { #expect(abs(found[axis] - expected[axis]) < 1e-9) }
    let wrongOrder = Self.coarse()(Self.affine(world))
    #expect(zip(found, wrongOrder).map { abs($0 - $1) }.max()! > 0.1, "the orders do not commute, so the test can tell")
  }

  /// Coarser, finer, turned, and beyond the fixed lattice, where the displacement at its border goes on.
  @Test(arguments: 0..<4) func boxesOfAnotherLatticeMapLikePoints(kind: Int) {
    let transform = ComposedTransform(affine: Self.affine, coarse: Self.coarse(), fixedSpace: Self.fixedSpace)
    let local = Self.local()
    var lattice = Self.fixedSpace
    if kind == 0 { lattice = lattice.downsampled(by: [2, 3, 4]) }
    if kind == 1 { lattice.spacing = lattice.spacing.map { $0 * 0.4 } }
    if kind == 2 { lattice = PhysicalSpace(spacing: [1, 1.1, 0.7], origin: lattice.world(of: [2, 3, 4])) }
    if kind == 3 { lattice = lattice.cropped(at: [-4, 3, 20]) }
    let box = Box(lower: [0, 1, 2], upper: [6, 8, 20])
    let part = transform.fixedPart(of: box, in: lattice, extent: Self.extent)
    #expect(Self.extent.box.contains(part) && !part.isEmpty)
    let held = SplineField(
      lattice: local.lattice, region: local.lattice.controlPoints(for: part),
      coefficients: local.coefficients.cropped(to: local.lattice.controlPoints(for: part).relative(to: local.region.lower)))
    let mapped = transform.mapped(box, of: lattice, local: held, to: Self.movingSpace)
    for (offset, voxel) in box.indices.enumerated() {
      let place = Self.fixedSpace.index(of: lattice.world(of: voxel.map(Double.init)))
      let expected = Self.movingSpace.index(of: transform.map(fixedVoxel: place, local: local))
      for axis in 0..<3 {
        #expect(abs(Double(mapped.positions[axis].elements[offset]) + Double(mapped.base[axis]) - expected[axis]) < 2e-3)
      }
    }
  }

  @Test(arguments: [true, false], [true, false]) func boxesMapLikePoints(isCoarse: Bool, isLocal: Bool) {
    let transform = ComposedTransform(affine: Self.affine, coarse: isCoarse ? Self.coarse() : nil, fixedSpace: Self.fixedSpace)
    let local = isLocal ? Self.local() : nil
    let box = Box(lower: [3, 5, 7], upper: [9, 20, 30])
    let mapped = transform.mapped(box, local: local, to: Self.movingSpace)
    for (offset, voxel) in box.indices.enumerated() {
      let expected = Self.movingSpace.index(of: transform.map(fixedVoxel: voxel.map(Double.init), local: local))
      for axis in 0..<3 {
        #expect(abs(Double(mapped.positions[axis].elements[offset]) + Double(mapped.base[axis]) - expected[axis]) < 1e-3)
      }
    }
    let bounds = mapped.bounds(margin: 1)
    for offset in 0..<box.count {
      let cell = (0..<3).map { mapped.base[$0] + Int(mapped.positions[$0].elements[offset].rounded(.down)) }
      #expect(bounds.contains(cell) && bounds.contains(cell.map { $0 + 1 }))
    }
  }

  @Test func aZeroLocalFieldLeavesTheCoarseResultBitForBit() {
    let transform = ComposedTransform(affine: Self.affine, coarse: Self.coarse(), fixedSpace: Self.fixedSpace)
    let lattice = SplineLattice(extent: Self.extent, stride: 4)
    let zero = SplineField(zeros: lattice, region: lattice.box)
    let box = Self.extent.box
    #expect(
      transform.mapped(box, local: zero, to: Self.movingSpace).positions
        == transform.mapped(box, local: nil, to: Self.movingSpace).positions)
  }

  @Test func positionsFarFromTheOriginKeepTheirPrecision() {
    let space = PhysicalSpace(spacing: [1, 1, 1])
    let transform = ComposedTransform(affine: .translation([0, 0, 0.3]), coarse: nil, fixedSpace: space)
    let box = Box(lower: [0, 0, 8_000_000], upper: [1, 1, 8_000_004])
    let mapped = transform.mapped(box, local: nil, to: space)
    #expect(abs(Double(mapped.base[2]) + Double(mapped.positions.x.elements[0]) - 8_000_000.3) < 1e-5)
  }

  @Test func boxesOfTheMovingLatticeComeBackThroughTheInverse() throws {
    let transform = ComposedTransform(affine: Self.affine, coarse: Self.coarse(), fixedSpace: Self.fixedSpace)
    let local = Self.local()
    // A box of the moving lattice around where the middle of the fixed one goes.
    let middle = Self.movingSpace.index(of: transform.map(fixedVoxel: [8, 12, 16], local: local)).map { Int($0.rounded()) }
    let box = Box(lower: middle.map { $0 - 2 }, upper: middle.map { $0 + 3 })
    let (mapped, residual) = transform.inverseMapped(
      box, in: Self.movingSpace, fixedExtent: Self.extent, tolerance: 1e-4
    ) { region in
      #expect(Self.extent.box.contains(region))
      let lattice = local.lattice
      let points = lattice.controlPoints(for: region)
      func crop(_ c: VoxelBuffer<Float>) -> VoxelBuffer<Float> { c.cropped(to: points.relative(to: local.region.lower)) }
      let c = local.coefficients
      return SplineField(lattice: lattice, region: points, coefficients: VectorField(z: crop(c.z), y: crop(c.y), x: crop(c.x)))
    }
    #expect(residual < 1e-3)
    for (offset, voxel) in box.indices.enumerated() {
      let fixed = (0..<3).map { Double(mapped.positions[$0].elements[offset]) + Double(mapped.base[$0]) }
      let there = Self.movingSpace.index(of: transform.map(fixedVoxel: fixed, local: local))
      for axis in 0..<3 { #expect(abs(there[axis] - Double(voxel[axis])) < 5e-3) }
    }
  }

  /// A displacement whose slope passes 1: iteration alone swings to and fro.
  @Test func aSteepMapIsInverted() {
    let extent: Extent = [1, 32, 64]
    let space = PhysicalSpace(spacing: [1, 1, 1])
    var dense = VectorField(zeros: extent)
    for index in extent.box.indices { dense.x[index] = 24 * Float(sin(Double(index[2]) * 0.05)) }
    let local = SplineField.fitting(dense, over: extent.box, on: SplineLattice(extent: extent, stride: 4))
    let transform = ComposedTransform(affine: .identity(rank: 3), coarse: nil, fixedSpace: space)
    let box = Box(lower: [0, 4, 8], upper: [1, 8, 50])
    let (mapped, residual) = transform.inverseMapped(box, in: space, fixedExtent: extent) { _ in local }
    #expect(residual <= Float(ComposedTransform.inverseTolerance))
    for (offset, voxel) in box.indices.enumerated() {
      let place = (0..<3).map { Double(mapped.positions[$0].elements[offset]) + Double(mapped.base[$0]) }
      let back = transform.map(fixedVoxel: place, local: local)
      for axis in 0..<3 { #expect(abs(back[axis] - Double(voxel[axis])) < 0.011) }
    }
  }
}
