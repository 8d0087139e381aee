// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Segmentation
internal import Volumes

/// What a program's tiles take in memory, measured on two of them: `fixed + perVoxel · voxels`.
///
/// Peaks never fall, so the smaller tile is looked at first. A program may take less for the tiles in the middle of the image, which are the ones
/// that are tried, than for others: a quarter is added.
struct ProbedMemory {
  let fixedBytes: Int
  let bytesPerVoxel: Double

  /// Tries tiles in the middle of an image.
  ///
  /// - Parameters:
  ///   - stride: voxels to whose multiples tiles begin and end.
  ///   - work: has the program work on a tile.
  /// - Throws: what the program throws.
  init(
    _ source: TiledImage, stride: [Int], workers: WorkerPool, progress: any ProgressReporter,
    work: (SegmentationTile, SegmentationContext) throws -> Void
  ) throws {
    let extent = source.volume.extent
    func block(_ side: Int) -> Block {
      let lower = (0..<extent.rank).map { axis in max(0, (extent[axis] - side) / 2 / stride[axis] * stride[axis]) }
      let box = Box(lower: lower, upper: lower.map { $0 + side }).intersection(extent.box)
      return Block(number: 0, index: lower, core: box, extended: box)
    }
    let blocks = (extent.rank == 2 ? [256, 768] : [40, 96]).map(block)
    let peaks = try blocks.map { block in
      let tile = try source.tile(block, 0)
      try work(tile, Self.context(of: tile))
      return workers.peakMemory
    }
    let voxels = blocks.map(\.core.count)
    let slope = voxels[1] > voxels[0] ? 1.25 * Double(max(0, peaks[1] - peaks[0])) / Double(voxels[1] - voxels[0]) : 0
    bytesPerVoxel = max(slope, 4)
    fixedBytes = max(0, peaks[1] - Int(bytesPerVoxel / 1.25 * Double(voxels[1])))
    progress.report(
      .note(
        "tiles of \(blocks[0].core.extent) and \(blocks[1].core.extent) were tried: the program took "
          + "\(MemoryBudget.describe(peaks[0])) and \(MemoryBudget.describe(peaks[1]))"))
  }

  /// Measures of a tile alone, which will do to see what the tile takes.
  private static func context(of tile: SegmentationTile) -> SegmentationContext {
    SegmentationContext(
      statistics: tile.channels.map { channel in
        let (low, high) = extremes(channel)
        var statistics = IntensityStatistics(minimum: low <= high ? low : 0, maximum: low <= high ? high : 0, isInteger: false)
        statistics.add(channel)
        return statistics
      })
  }
}

extension SegmenterRequirements {
  /// The same with what a program's tiles were measured to take.
  func with(_ memory: ProbedMemory) -> SegmenterRequirements {
    var requirements = self
    (requirements.fixedBytes, requirements.bytesPerVoxel) = (memory.fixedBytes, memory.bytesPerVoxel)
    return requirements
  }

  /// Voxels an axis to whose multiples tiles begin, for every axis.
  func stride(rank: Int) -> [Int] { stride.isEmpty ? [Int](repeating: 1, count: rank) : stride }
}
