// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// The pair as the blocks of one level see it.
struct LevelImages: Sendable {
  /// The fixed region at the level's resolution.
  let fixed: LazyVolume
  /// The moving image at the resolution that suits it.
  let moving: LazyVolume
  /// Affine map and coarse warp, for boxes of the level's voxels.
  var transform: ComposedTransform
  /// The displacement that coarser levels found, in the level's voxels; `nil` for none.
  var start: LocalField?
  let grid: BlockGrid
  /// Whether there are finer levels.
  let isAveraged: Bool

  /// The transform so far at a box, in a lattice of the moving image.
  func mapped(_ box: Box, to lattice: PhysicalSpace, threads: Int) throws -> MappedBox {
    transform.mapped(box, local: try start?.field(over: box), to: lattice, threads: threads)
  }
}
