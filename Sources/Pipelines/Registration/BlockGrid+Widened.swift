// SPDX-License-Identifier: Apache-2.0

internal import Grids

extension BlockGrid {
  /// A block's box with a halo twice as wide, clipped to the volume.
  func widened(_ block: Block) -> Box { block.extended.expanded(by: halo.lengths).intersection(extent.box) }
}
