// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Grids
package import Registration
internal import Transforms
package import Volumes

/// How far the displacements that neighbouring blocks found by themselves lie apart where they overlap.
package struct NeighbourDisagreement: Sendable {
  /// Gives the blocks' own fields, and their weights in the blend.
  let blender: FieldBlender
  /// Where displacements mean something.
  let tissue: Mask
  /// The lattice of the grid's voxels.
  let space: PhysicalSpace
  /// The blocks that have fields, by number.
  let registered: Set<Int>

  /// A comparison of what `blender` joins.
  package init(blender: FieldBlender, tissue: Mask, space: PhysicalSpace, registered: Set<Int>) {
    self.blender = blender
    self.tissue = tissue
    self.space = space
    self.registered = registered
  }

  /// The median over the neighbours across a face of the mean distance between both displacements, weighed by what the blend takes from
  /// both, where there is tissue: one bad neighbour does not tell against a block. `nil` where no neighbour has a field.
  ///
  /// - Throws: `DamagedOutput` where a field is not what was written.
  package func median(of block: Block) throws -> Double? {
    guard registered.contains(block.number) else { return nil }
    let grid = blender.grid
    var found: [Double] = []
    for other in grid.neighboursAcrossFaces(of: block) where registered.contains(other.number) {
      if let distance = try mean(block, other) { found.append(distance) }
    }
    if found.isEmpty { return nil }
    found.sort()
    return (found[(found.count - 1) / 2] + found[found.count / 2]) / 2
  }

  private func mean(_ first: Block, _ second: Block) throws -> Double? {
    let lattice = blender.lattice
    let region = lattice.controlPoints(for: first.extended).intersection(lattice.controlPoints(for: second.extended))
    guard !region.isEmpty, let a = try blender.coefficients(first, region), let b = try blender.coefficients(second, region) else {
      return nil
    }
    let positions = (0..<3).map { axis in
      region[axis].map { Double(min(max($0 * lattice.stride[axis], 0), blender.grid.extent[axis] - 1)) }
    }
    func weights(_ block: Block, _ axis: Int) -> [Double] { positions[axis].map { blender.window.weight(of: block, axis: axis, at: $0) } }
    let weights = (0..<3).map { axis in zip(weights(first, axis), weights(second, axis)).map(*) }
    var points = space.cropped(at: positions.map { Int($0[0]) })
    points.spacing = zip(space.spacing, lattice.stride).map { $0 * Double($1) }
    let mask = tissue.resampled(to: points, extent: region.extent)
    var (sum, total) = (0.0, 0.0)
    var at = 0
    for i in weights[0] {
      for j in weights[1] {
        for k in weights[2] {
          defer { at += 1 }
          let weight = i * j * k
          guard weight > 0, mask.elements[at] != 0 else { continue }
          let squares = (0..<3).map { axis -> Double in
            let apart = Double(a[axis].elements[at] - b[axis].elements[at])
            return apart * apart
          }
          sum += weight * (squares[0] + squares[1] + squares[2]).squareRoot()
          total += weight
        }
      }
    }
    return total > 0 ? sum / total : nil
  }
}
