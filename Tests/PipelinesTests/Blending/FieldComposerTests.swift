// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// Fields of levels, put onto finer lattices and before one another.
struct FieldComposerTests {
  private static let space = PhysicalSpace(spacing: [1, 1, 1], unit: .micrometer)

  private func store(_ name: String, _ extent: Extent, in folder: URL, stride: Int = 4, _ u: ([Double]) -> [Double]) throws -> LocalField {
    let lattice = SplineLattice(extent: extent, stride: stride)
    var dense = VectorField(zeros: extent)
    for index in extent.box.indices {
      let vector = u(index.map(Double.init))
      for axis in 0..<3 { dense[axis][index] = Float(vector[axis]) }
    }
    let path = folder.appendingPathComponent(name).path
    try LocalField.createIfMissing(at: path, lattice: lattice, space: Self.space)
    let field = try LocalField.open(at: path, lattice: lattice)
    try field.write(.fitting(dense, over: extent.box, on: lattice))
    return field
  }

  private func regions(_ lattice: SplineLattice) -> [Box] {
    let regions = FieldRegions(lattice)
    return (0..<regions.tasks).flatMap { regions.chunks($0) }
  }

  /// The whole field of pieces made chunk by chunk.
  private func joined(_ lattice: SplineLattice, _ piece: (Box) throws -> SplineField) rethrows -> SplineField {
    var whole = SplineField(zeros: lattice, region: lattice.box)
    for region in regions(lattice) {
      let part = try piece(region)
      #expect(part.region == region)
      for axis in 0..<3 {
        whole.coefficients[axis].copy(
          from: part.coefficients[axis], box: region.extent.box, at: region.relative(to: lattice.box.lower).lower)
      }
    }
    return whole
  }

  private static func wave(_ p: [Double], _ length: Double, _ amplitude: Double) -> [Double] {
    (0..<3).map { axis in amplitude * sin(2 * .pi * (p[(axis + 1) % 3] + 0.4 * p[axis]) / length + Double(axis)) }
  }

  @Test(arguments: [[26, 40, 170] as Extent, [1, 40, 170]]) func compositionIsWhatPointsSay(extent: Extent) throws {
    try withTemporaryFolder { folder in
      func flat(_ v: [Double]) -> [Double] { extent[0] == 1 ? [0, v[1], v[2]] : v }
      let start = try store("start", extent, in: folder) { flat(Self.wave($0, 90, 6)) }
      let found = try store("found", extent, in: folder) { flat(Self.wave($0, 35, 1.5)) }
      let (v, u) = try (found.field(on: SplineLattice(extent: extent).box), start.field(on: SplineLattice(extent: extent).box))
      let composer = FieldComposer(found: found, start: start)
      let whole = try joined(SplineLattice(extent: extent)) { try composer.composed(on: $0) }
      #expect(regions(SplineLattice(extent: extent)).count > 1)
      var worst = 0.0
      for index in extent.box.indices where (index[1] + index[2]) % 3 == 0 {
        let p = index.map(Double.init)
        let own = v.displacement(at: p)
        let moved = zip(p, own).map(+)
        // Beyond the volume the border's displacement goes on, with a bend that no spline follows near by.
        guard (0..<3).allSatisfy({ extent[$0] == 1 || moved[$0] >= 8 && moved[$0] <= Double(extent[$0] - 9) }) else { continue }
        let expected = zip(own, u.displacement(at: moved)).map(+)
        for axis in 0..<3 { worst = max(worst, abs(whole.displacement(at: p)[axis] - expected[axis])) }
      }
      #expect(worst < 0.02, "\(worst)")
    }
  }

  @Test(arguments: [[1, 4, 4], [2, 4, 4], [4, 4, 4], [3, 3, 3]]) func aFieldIsTheSameOnAFinerLevel(ratio: [Int]) throws {
    try withTemporaryFolder { folder in
      let fine: Extent = [30, 90, 170]
      let earlier = try store("earlier", fine.dividedRoundingUp(by: Extent(ratio)), in: folder) { Self.wave($0, 30, 2) }
      let carrier = FieldCarrier(
        earlier: earlier, earlierFactors: ratio.map { 2 * $0 }, lattice: SplineLattice(extent: fine), factors: [2, 2, 2])
      let whole = try joined(SplineLattice(extent: fine)) { try carrier.carried(on: $0) }
      let coarse = try earlier.field(on: SplineLattice(extent: fine.dividedRoundingUp(by: Extent(ratio))).box)
      var worst = 0.0
      for index in fine.box.indices where index.reduce(0, +) % 5 == 0 {
        let place = (0..<3).map { (Double(index[$0]) + 0.5) / Double(ratio[$0]) - 0.5 }
        guard (0..<3).allSatisfy({ place[$0] >= 0 && place[$0] <= Double(coarse.lattice.extent[$0] - 1) }) else { continue }
        let (found, expected) = (whole.displacement(at: index.map(Double.init)), coarse.displacement(at: place))
        for axis in 0..<3 { worst = max(worst, abs(found[axis] - expected[axis] * Double(ratio[axis]))) }
      }
      #expect(worst < 0.02, "\(worst)")
    }
  }

  @Test func constantsStayConstantThroughLevels() throws {
    try withTemporaryFolder { folder in
      var field = try store("0", [8, 10, 22], in: folder) { _ in [0.5, -1.25, 2] }
      var expected = [0.5, -1.25, 2]
      var factors = [16, 16, 16]
      for (step, extent) in ([[16, 40, 88], [64, 160, 352]] as [Extent]).enumerated() {
        let (lattice, finer) = (SplineLattice(extent: extent), [[8, 4, 4], [2, 1, 1]][step])
        let carrier = FieldCarrier(earlier: field, earlierFactors: factors, lattice: lattice, factors: finer)
        let path = folder.appendingPathComponent("carried\(step)").path
        try LocalField.createIfMissing(at: path, lattice: lattice, space: Self.space)
        let carried = try LocalField.open(at: path, lattice: lattice)
        for region in regions(lattice) { try carried.write(carrier.carried(on: region)) }
        expected = (0..<3).map { expected[$0] * Double(factors[$0]) / Double(finer[$0]) }
        let found = try store("found\(step)", extent, in: folder) { _ in [0.25, 3, -0.75] }
        let composer = FieldComposer(found: found, start: carried)
        expected = zip(expected, [0.25, 3, -0.75]).map(+)
        let composed = try joined(lattice) { try composer.composed(on: $0) }.dense(over: extent.box)
        for axis in 0..<3 {
          let away = composed[axis].elements.map { abs(Double($0) - expected[axis]) }.max()!
          #expect(away < 1e-4, "axis \(axis): \(away)")
        }
        let whole = folder.appendingPathComponent("composed\(step)").path
        try LocalField.createIfMissing(at: whole, lattice: lattice, space: Self.space)
        field = try LocalField.open(at: whole, lattice: lattice)
        for region in regions(lattice) { try field.write(composer.composed(on: region)) }
        factors = finer
      }
    }
  }

  @Test func nothingFoundLeavesTheStartAsItWas() throws {
    try withTemporaryFolder { folder in
      let extent: Extent = [12, 40, 170]
      let start = try store("start", extent, in: folder) { Self.wave($0, 60, 5) }
      let found = try store("found", extent, in: folder) { _ in [0, 0, 0] }
      let composer = FieldComposer(found: found, start: start)
      let lattice = SplineLattice(extent: extent)
      let whole = try joined(lattice) { try composer.composed(on: $0) }
      let (a, b) = try (whole.dense(over: extent.box), start.field(on: lattice.box).dense(over: extent.box))
      for axis in 0..<3 {
        let away = zip(a[axis].elements, b[axis].elements).map { abs($0 - $1) }.max()!
        #expect(away < 0.003, "\(away)")
      }
    }
  }
}
