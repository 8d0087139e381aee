// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Transforms
internal import Volumes

/// Puts one displacement field before another on the same lattice, box by box: `u(x) = v(x) + start(x + v(x))`.
package struct FieldComposer: Sendable {
  /// `v`, which is found on top of `start` and acts first.
  let found: LocalField
  let start: LocalField

  package init(found: LocalField, start: LocalField) {
    self.found = found
    self.start = start
  }

  /// The composed field on control points of the lattice.
  ///
  /// `v` keeps its coefficients; only what `start` adds is sampled and fitted.
  package func composed(on region: Box) throws -> SplineField {
    let lattice = found.lattice
    let fit = RegionFit(lattice: lattice, region: region)
    let voxels = Box(lower: fit.places.map { Int($0.first!) }, upper: fit.places.map { Int($0.last!) + 1 })
    let own = try found.field(over: voxels)
    let moves = own.displacements(along: fit.places)
    // Where the samples lead, in voxels; positions beyond the volume take its border's displacement.
    let reach = Box(
      lower: (0..<3).map { axis in
        let least = Double(moves[axis].elements.min()!) + fit.places[axis].first!
        return Int(min(max(least.rounded(.down), 0), Double(lattice.extent[axis] - 1)))
      },
      upper: (0..<3).map { axis in
        let most = Double(moves[axis].elements.max()!) + fit.places[axis].last!
        return Int(min(max(most.rounded(.down) + 2, 1), Double(lattice.extent[axis])))
      })
    let added = fit.fitted(try start.field(over: reach).displacements(along: fit.places, movedBy: moves))
    var result = added
    let held = region.relative(to: own.region.lower)
    for axis in 0..<3 {
      let kept = own.coefficients[axis].cropped(to: held)
      for i in kept.elements.indices { result.coefficients[axis].elements[i] += kept.elements[i] }
    }
    return result
  }
}
