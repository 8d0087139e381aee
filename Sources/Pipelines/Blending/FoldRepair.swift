// SPDX-License-Identifier: Apache-2.0

internal import Filtering
package import Grids
package import Transforms
internal import Volumes

/// Finds where `x + u(x)` folds or nearly does, and smooths the control points there.
package struct FoldRepair: Sendable {
  /// The least Jacobian determinant that is left alone.
  package var threshold: Float = 0.05

  /// The defaults.
  package init() {}

  /// The control points, within `region`, that act on voxels where the determinant of `I + ∇u` is at most the threshold.
  ///
  /// - Parameter field: holds `region` and enough around it to give the field at all voxels that `region` acts on, where the volume has them.
  package func foldedControlPoints(of field: SplineField, region: Box) -> Set<[Int]> {
    let lattice = field.lattice
    // Voxels fully inside what the field holds.
    let held = Box(
      lower: (0..<3).map { lattice.extent[$0] == 1 ? 0 : (field.region.lower[$0] + 1) * lattice.stride[$0] },
      upper: (0..<3).map { lattice.extent[$0] == 1 ? 1 : (field.region.upper[$0] - 2) * lattice.stride[$0] })
    let box = lattice.voxels(touchedBy: region).intersection(held).intersection(lattice.extent.box)
    if box.isEmpty { return [] }
    let determinants = jacobianDeterminant(of: field.dense(over: box))
    guard determinants.elements.contains(where: { !($0 > threshold) }) else { return [] }
    var folded: Set<[Int]> = []
    for (voxel, determinant) in zip(box.indices, determinants.elements) where !(determinant > threshold) {
      for point in lattice.controlPoints(for: Box(lower: voxel, extent: [1, 1, 1])).intersection(region).indices { folded.insert(point) }
    }
    return folded
  }

  /// The coefficients of `field` with the given control points replaced by the binomial mean of their neighbourhood.
  package func smoothed(_ field: SplineField, at points: Set<[Int]>, region: Box) -> SplineField {
    var result = SplineField(
      lattice: field.lattice, region: region,
      coefficients: VectorField(
        z: field.coefficients.z.cropped(to: region.relative(to: field.region.lower)),
        y: field.coefficients.y.cropped(to: region.relative(to: field.region.lower)),
        x: field.coefficients.x.cropped(to: region.relative(to: field.region.lower))))
    for point in points {
      var sums = [Float](repeating: 0, count: 3)
      var total: Float = 0
      for step in Box(lower: [-1, -1, -1], upper: [2, 2, 2]).indices {
        let neighbour = zip(point, step).map(+)
        guard field.region.contains(neighbour) else { continue }
        let weight = step.map { $0 == 0 ? Float(2) : 1 }.reduce(1, *)
        let at = neighbour.enumerated().map { $1 - field.region.lower[$0] }
        for axis in 0..<3 { sums[axis] += weight * field.coefficients[axis][at] }
        total += weight
      }
      let at = point.enumerated().map { $1 - region.lower[$0] }
      for axis in 0..<3 { result.coefficients[axis][at] = sums[axis] / total }
    }
    return result
  }
}
