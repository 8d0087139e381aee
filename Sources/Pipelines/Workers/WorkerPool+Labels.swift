// SPDX-License-Identifier: Apache-2.0

internal import Segmentation
internal import Volumes

extension WorkerPool {
  /// The labels that a free program finds in a tile.
  ///
  /// - Throws: `WorkerError` where the program fails, or returns what are no labels of the tile.
  func labels(_ tile: SegmentationTile, _ context: SegmentationContext, program: String) throws -> VoxelBuffer<UInt32> {
    try work(.segment, tile, context) { answer, output in
      let result = try WorkerResult(answer, output: output, program: program)
      if result.type == nil { noteMask() }
      return try result.labels(of: tile.extent, program: program)
    }
  }
}
