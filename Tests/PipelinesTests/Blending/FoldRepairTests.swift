// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Pipelines
import Testing
import Transforms
import Volumes

struct FoldRepairTests {
  private let lattice = SplineLattice(extent: [40, 40, 40], stride: 4)

  private func leastDeterminant(_ field: SplineField) -> Float {
    jacobianDeterminant(of: field.dense(over: lattice.extent.box)).elements.min()!
  }

  @Test func smoothingRemovesAFoldAndLeavesTheRest() throws {
    var field = SplineField(zeros: lattice, region: lattice.box)
    for index in lattice.box.indices {
      let place = index.enumerated().map { $1 - lattice.box.lower[$0] }
      field.coefficients.x[place] = 1.5 * Float(sin(Double(index[2]) / 2))
    }
    let good = field
    // Neighbours that cross over.
    field.coefficients.x[[5, 5, 5]] += 9
    field.coefficients.x[[5, 5, 6]] -= 9
    #expect(leastDeterminant(good) > 0.05 && leastDeterminant(field) < 0)
    let repair = FoldRepair()
    var rounds = 0
    while rounds < 40 {
      let points = repair.foldedControlPoints(of: field, region: lattice.box)
      if points.isEmpty { break }
      field = repair.smoothed(field, at: points, region: lattice.box)
      rounds += 1
    }
    #expect(rounds > 0 && rounds < 40 && leastDeterminant(field) > 0)
    let far = Box(lower: [9, 0, 0], upper: lattice.box.extent.lengths)
    #expect(field.coefficients.x.cropped(to: far) == good.coefficients.x.cropped(to: far))
  }

  @Test func aFieldThatDoesNotFoldIsNotTouched() {
    var field = SplineField(zeros: lattice, region: lattice.box)
    for index in lattice.box.indices {
      let place = index.enumerated().map { $1 - lattice.box.lower[$0] }
      field.coefficients.y[place] = 3 * Float(sin(Double(index[1]) / 2))
    }
    #expect(leastDeterminant(field) > 0.2)
    #expect(FoldRepair().foldedControlPoints(of: field, region: lattice.box).isEmpty)
  }

  @Test func aFlatFieldIsRepairedInItsPlane() {
    let lattice = SplineLattice(extent: [1, 40, 40], stride: 4)
    var field = SplineField(zeros: lattice, region: lattice.box)
    field.coefficients.x[[0, 5, 5]] = 9
    field.coefficients.x[[0, 5, 6]] = -9
    let repair = FoldRepair()
    #expect(!repair.foldedControlPoints(of: field, region: lattice.box).isEmpty)
    for _ in 0..<40 {
      field = repair.smoothed(field, at: repair.foldedControlPoints(of: field, region: lattice.box), region: lattice.box)
    }
    #expect(repair.foldedControlPoints(of: field, region: lattice.box).isEmpty)
    #expect(field.coefficients.z.elements.allSatisfy { $0 == 0 })
  }
}
