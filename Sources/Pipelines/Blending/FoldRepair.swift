// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// Smooths the control points of the local field where the whole map folds or nearly does.
package struct FoldRepair {
  let regions: FieldRegions
  let inspector: MapInspector
  /// The most rounds of smoothing.
  var rounds = 40

  /// A repair of the field that `inspector` sees.
  package init(regions: FieldRegions, inspector: MapInspector) {
    self.regions = regions
    self.inspector = inspector
  }

  /// Changes `field`, in rounds, until there is nothing more to smooth.
  ///
  /// In each round all faults are found first, then every control point that acts on one becomes the binomial mean of its neighbourhood as
  /// that was before the round: the order of regions does not matter.
  ///
  /// - Parameter suspects: the tasks of `regions` that have faults.
  package func run(_ field: LocalField, suspects: [Int]) throws -> FieldRepair {
    var repaired: Set<[Int]> = []
    var result = FieldRepair()
    var current = Set(suspects)
    for round in 0...rounds {
      var points: Set<[Int]> = []
      for task in current.sorted() {
        let (check, faults) = try inspector.check(regions.voxels(of: regions.region(task)))
        result.checks[task] = check
        // Neighbouring voxels lie among the same control points.
        for cell in Set(faults.map { regions.lattice.controlPoints(for: Box(lower: $0, extent: [1, 1, 1])) }) {
          points.formUnion(cell.indices)
        }
      }
      result.isComplete = points.isEmpty
      // The last round only looks.
      if points.isEmpty || round == rounds { break }
      repaired.formUnion(points)
      try smooth(field, at: points)
      // A change reaches the voxels that the points act on, and their neighbours' differences.
      current = []
      for point in points {
        let reach = regions.lattice.voxels(touchedBy: Box(lower: point, extent: [1, 1, 1])).expanded(by: [1, 1, 1])
        current.formUnion(regions.tasks(meeting: reach.intersection(regions.lattice.extent.box)))
      }
    }
    result.controlPoints = repaired.count
    return result
  }

  private func smooth(_ field: LocalField, at points: Set<[Int]>) throws {
    let size = LocalField.chunk
    let whole = field.lattice.box
    let groups = Dictionary(grouping: points) { point in (0..<3).map { (point[$0] - whole.lower[$0]) / size } }
    var changed: [SplineField] = []
    for (index, members) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let lower = (0..<3).map { index[$0] * size + whole.lower[$0] }
      let chunk = Box(lower: lower, extent: Extent([size, size, size])).intersection(whole)
      let around = try field.field(on: chunk.expanded(by: [1, 1, 1]).intersection(whole))
      changed.append(around.smoothed(at: members, region: chunk))
    }
    for chunk in changed { try field.write(chunk) }
  }
}

extension SplineField {
  /// The coefficients on `region` with the given control points replaced by the binomial mean of their neighbourhood.
  fileprivate func smoothed(at points: [[Int]], region inner: Box) -> SplineField {
    var result = SplineField(
      lattice: lattice, region: inner,
      coefficients: VectorField(
        z: coefficients.z.cropped(to: inner.relative(to: region.lower)), y: coefficients.y.cropped(to: inner.relative(to: region.lower)),
        x: coefficients.x.cropped(to: inner.relative(to: region.lower))))
    for point in points {
      var sums = [Float](repeating: 0, count: 3)
      var total: Float = 0
      for step in Box(lower: [-1, -1, -1], upper: [2, 2, 2]).indices {
        let neighbour = zip(point, step).map(+)
        guard region.contains(neighbour) else { continue }
        let weight = step.map { $0 == 0 ? Float(2) : 1 }.reduce(1, *)
        let at = neighbour.enumerated().map { $1 - region.lower[$0] }
        for axis in 0..<3 { sums[axis] += weight * coefficients[axis][at] }
        total += weight
      }
      let at = point.enumerated().map { $1 - inner.lower[$0] }
      for axis in 0..<3 { result.coefficients[axis][at] = sums[axis] / total }
    }
    return result
  }
}
