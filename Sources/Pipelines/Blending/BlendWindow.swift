// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Grids

/// A block's weight in the blend along each axis: 1 deep in the core and at the volume's own border, falling along a Gaussian to exactly
/// zero, with zero slope, just outside the halo.
///
/// With `t` the way from where the overlap begins (one halo inside the core) to the first voxel beyond the halo, as a fraction,
/// `w = exp(−(2t)² / 2σ²) · (1 − t²)²`, σ in halos.
package struct BlendWindow: Sendable {
  package let grid: BlockGrid
  /// The Gaussian's width as a fraction of the halo.
  package let sigma: Double

  /// The windows of a grid's blocks.
  package init(grid: BlockGrid, sigma: Double) {
    self.grid = grid
    self.sigma = sigma
  }

  /// The weight of `block` at `position` (a voxel, or between voxels) along `axis`.
  package func weight(of block: Block, axis: Int, at position: Double) -> Double {
    let halo = Double(grid.halo[axis])
    let below =
      block.core.lower[axis] == 0 ? 1 : taper(Double(block.core.lower[axis]) - 0.5 + halo - position, halo: halo)
    let above =
      block.core.upper[axis] == grid.extent[axis] ? 1 : taper(position - (Double(block.core.upper[axis]) - 0.5 - halo), halo: halo)
    return below * above
  }

  /// - Parameter depth: voxels past the point where the overlap begins.
  private func taper(_ depth: Double, halo: Double) -> Double {
    // Half a voxel more than the halo on either side of the face: the first voxel the block does not read has weight 0.
    depth <= 0 ? 1 : Self.taper(depth / (2 * halo + 0.5), sigma: sigma)
  }

  /// The weight a fraction of the way through an overlap: 1 where it begins, 0 where it ends.
  package static func taper(_ t: Double, sigma: Double) -> Double {
    if t >= 1 { return 0 }
    // A narrow Gaussian ends in a floor, so that weights stay numbers where two blocks, or eight, share what is left of them.
    let gaussian = exp(max(-2 * t * t / (sigma * sigma), -20))
    return gaussian * (1 - t * t) * (1 - t * t)
  }
}
