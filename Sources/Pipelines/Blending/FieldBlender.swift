// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Transforms
package import Volumes

/// Joins the blocks' own fields into one: `u(x) = Σ wᵢ(x) uᵢ(x) / Σ wᵢ(x)` at the control points that all blocks share.
///
/// A block without a field takes part as zero displacement with its weight, so that its neighbours fade into the coarse result.
package struct FieldBlender: Sendable {
  package let grid: BlockGrid
  package let window: BlendWindow
  package let lattice: SplineLattice
  /// The coefficients of a block on `region` (within the block's own control points); `nil` where the block displaces nothing.
  package let coefficients: @Sendable (_ block: Block, _ region: Box) throws -> VectorField?

  /// A blend of what `coefficients` gives for each block.
  package init(
    grid: BlockGrid, sigma: Double, lattice: SplineLattice, coefficients: @escaping @Sendable (Block, Box) throws -> VectorField?
  ) {
    self.grid = grid
    window = BlendWindow(grid: grid, sigma: sigma)
    self.lattice = lattice
    self.coefficients = coefficients
  }

  /// The blended field on the control points of `region`.
  ///
  /// - Complexity: O(control points × blocks that meet there, at most 8 for most).
  package func blended(on region: Box) throws -> SplineField {
    // Control points beyond the volume's border count as the border voxel nearest to them.
    let positions = (0..<3).map { axis in
      region[axis].map { Double(min(max($0 * lattice.stride[axis], 0), grid.extent[axis] - 1)) }
    }
    let voxels = Box(lower: positions.map { Int($0.first!) }, upper: positions.map { Int($0.last!) + 1 })
    var sum = SplineField(zeros: lattice, region: region)
    var total = VoxelBuffer<Float>(extent: region.extent)
    for block in grid.blocks(meeting: voxels) {
      let held = lattice.controlPoints(for: block.extended).intersection(region)
      if held.isEmpty { continue }
      let weights = (0..<3).map { axis in
        held[axis].map { Float(window.weight(of: block, axis: axis, at: positions[axis][$0 - region.lower[axis]])) }
      }
      let own = try coefficients(block, held)
      var from = 0
      for i in 0..<held.extent[0] {
        for j in 0..<held.extent[1] {
          var to =
            ((held.lower[0] - region.lower[0] + i) * region.extent[1] + held.lower[1] - region.lower[1] + j) * region.extent[2]
            + held.lower[2] - region.lower[2]
          for k in 0..<held.extent[2] {
            let weight = weights[0][i] * weights[1][j] * weights[2][k]
            total.elements[to] += weight
            if let own, weight > 0 {
              sum.coefficients.z.elements[to] += weight * own.z.elements[from]
              sum.coefficients.y.elements[to] += weight * own.y.elements[from]
              sum.coefficients.x.elements[to] += weight * own.x.elements[from]
            }
            from += 1
            to += 1
          }
        }
      }
    }
    for axis in 0..<3 {
      for i in total.elements.indices where total.elements[i] > 0 { sum.coefficients[axis].elements[i] /= total.elements[i] }
    }
    return sum
  }
}
