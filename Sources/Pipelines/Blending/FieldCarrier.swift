// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Transforms
internal import Volumes

/// Brings a displacement field from the lattice of one level onto that of a finer one, box by box.
package struct FieldCarrier: Sendable {
  let earlier: LocalField
  let lattice: SplineLattice
  /// Voxels of the earlier level for one of the finer, an axis.
  let ratio: [Double]

  /// - Parameters:
  ///   - earlier: the field, in voxels of its level.
  ///   - earlierFactors: voxels of the finest level for one of that, an axis.
  ///   - lattice: the control points of the finer level.
  ///   - factors: voxels of the finest level for one of the finer, an axis.
  package init(earlier: LocalField, earlierFactors: [Int], lattice: SplineLattice, factors: [Int]) {
    self.earlier = earlier
    self.lattice = lattice
    ratio = zip(factors, earlierFactors).map { Double($0) / Double($1) }
  }

  /// The same displacement on control points of the finer level, in its voxels.
  package func carried(on region: Box) throws -> SplineField {
    let fit = RegionFit(lattice: lattice, region: region)
    // The half-pixel rule: voxel p of the finer level lies at (p + 1/2) · ratio − 1/2 of the earlier one.
    func place(_ voxel: Double, _ axis: Int) -> Double { (voxel + 0.5) * ratio[axis] - 0.5 }
    let places = (0..<3).map { axis in fit.places[axis].map { place($0, axis) } }
    let last = earlier.lattice.extent
    let box = Box(
      lower: (0..<3).map { min(max(Int(places[$0].first!.rounded(.down)), 0), last[$0] - 1) },
      upper: (0..<3).map { min(max(Int(places[$0].last!.rounded(.down)) + 2, 1), last[$0]) })
    var samples = try earlier.field(over: box).displacements(along: places)
    for axis in 0..<3 { samples[axis] = samples[axis].mapVoxels { $0 / Float(ratio[axis]) } }
    return fit.fitted(samples)
  }
}
