// SPDX-License-Identifier: Apache-2.0

internal import Grids

extension BlockGrid {
  /// A block's box with a halo twice as wide, clipped to the volume.
  func widened(_ block: Block) -> Box { block.extended.expanded(by: halo.lengths).intersection(extent.box) }

  /// The blocks that share a face with one.
  func neighboursAcrossFaces(of block: Block) -> [Block] {
    (0..<3).flatMap { axis in
      [-1, 1].compactMap { step in
        var index = block.index
        index[axis] += step
        return (0..<shape[axis]).contains(index[axis]) ? self.block(at: index) : nil
      }
    }
  }
}
