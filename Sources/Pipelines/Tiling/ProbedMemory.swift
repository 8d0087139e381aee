// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Segmentation
internal import Volumes

/// What a program's tiles take in memory, measured on two of them: `fixed + perVoxel · voxels`.
///
/// Peaks never fall, so the smaller tile is looked at first. A program may take less for the tiles in the middle of the image, which are the ones
/// that are tried, than for others: a quarter is added.
struct ProbedMemory: Codable {
  let fixedBytes: Int
  let bytesPerVoxel: Double
  /// The same of the graphics processor, as the program told it; `nil` where it told nothing.
  let graphics: GraphicsCost?

  /// Tries tiles in the middle of an image.
  ///
  /// - Parameters:
  ///   - stride: voxels to whose multiples tiles begin and end.
  ///   - shape: that of the tiles, where it is given: one number, or one an axis. No larger ones are tried.
  ///   - work: has the program work on a tile.
  /// - Throws: what the program throws.
  init(
    _ source: TiledImage, stride: [Int], shape: [Int]?, workers: WorkerPool, progress: any ProgressReporter,
    work: (SegmentationTile, SegmentationContext) throws -> Void
  ) throws {
    let extent = source.volume.extent
    func block(_ sides: [Int]) -> Block {
      let lower = (0..<extent.rank).map { axis in max(0, (extent[axis] - sides[axis]) / 2 / stride[axis] * stride[axis]) }
      let box = Box(lower: lower, upper: zip(lower, sides).map(+)).intersection(extent.box)
      return Block(number: 0, index: lower, core: box, extended: box)
    }
    let (usualSmall, usualLarge) = extent.rank == 2 ? (256, 768) : (40, 96)
    var (small, large): ([Int], [Int]) = ([], [])
    for axis in 0..<extent.rank {
      let most = shape.map { $0.count > axis ? $0[axis] : $0[0] }
      large.append(min(usualLarge, most ?? usualLarge))
      let half = max(stride[axis], large[axis] / 2 / stride[axis] * stride[axis])
      small.append(most == nil ? usualSmall : min(usualSmall, half))
    }
    let blocks = [small, large].map(block)
    var (peaks, graphicsPeaks): ([Int], [Int]) = ([], [])
    for block in blocks {
      let tile = try source.tile(block, 0)
      do {
        // A program that dies is started again, as it would be in a run.
        do { try work(tile, Self.context(of: tile)) } catch let error as WorkerError where error.mayRetry {
          try work(tile, Self.context(of: tile))
        }
      } catch let error as WorkerError {
        throw error.ofTile(core: block.core.extent, read: block.core.extent, stride: stride, isPlanned: false)
      }
      peaks.append(workers.peakMemory)
      if let peak = workers.peakGraphicsMemory { graphicsPeaks.append(peak) }
    }
    let voxels = blocks.map(\.core.count)
    (fixedBytes, bytesPerVoxel) = Self.line(through: peaks, at: voxels)
    graphics =
      graphicsPeaks.count < 2
      ? nil : { GraphicsCost(fixedBytes: $0.fixed, bytesPerVoxel: $0.perVoxel) }(Self.line(through: graphicsPeaks, at: voxels))
    func text(_ peaks: [Int]) -> String { peaks.map(MemoryBudget.describe).joined(separator: " and ") }
    progress.report(
      .note(
        "tiles of \(blocks[0].core.extent) and \(blocks[1].core.extent) were tried: the program took \(text(peaks))"
          + (graphics == nil ? "" : ", of the graphics processor \(text(graphicsPeaks))")))
  }

  /// What two tiles took as a part that is always there and one that grows with the voxels, the latter with a quarter added.
  private static func line(through peaks: [Int], at voxels: [Int]) -> (fixed: Int, perVoxel: Double) {
    let slope = voxels[1] > voxels[0] ? 1.25 * Double(max(0, peaks[1] - peaks[0])) / Double(voxels[1] - voxels[0]) : 0
    let perVoxel = max(slope, 4)
    // Coarsely, so that what another measurement finds leads to the same tiles as a rule.
    return (Int(roundedUp(Double(max(1, peaks[1] - Int(perVoxel / 1.25 * Double(voxels[1])))))), roundedUp(perVoxel))
  }

  /// What tiles may take of the graphics processor, and what they take; where the program does not tell, what it takes of the machine's
  /// memory stands for it.
  func graphics(within available: MemoryBudget?, progress: any ProgressReporter) -> (available: MemoryBudget, cost: GraphicsCost)? {
    guard let available else { return nil }
    guard let graphics else {
      progress.report(
        .note(
          "the program does not tell what it takes of the graphics processor: what it takes of the machine's memory stands for it"))
      return (available, GraphicsCost(fixedBytes: fixedBytes, bytesPerVoxel: bytesPerVoxel))
    }
    return (available, graphics)
  }

  /// The next of 1, 1¼, 1½ and 1¾ times a power of two.
  private static func roundedUp(_ value: Double) -> Double {
    let step = Double(sign: .plus, exponent: value.exponent - 2, significand: 1)
    return (value / step).rounded(.up) * step
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

/// What a tile takes of the memory of a graphics processor.
struct GraphicsCost: Codable {
  let fixedBytes: Int
  let bytesPerVoxel: Double

  /// Bytes of a tile of so many voxels, halo included.
  func bytes(voxels: Int) -> Int { fixedBytes + Int(bytesPerVoxel * Double(voxels)) }
}

extension SegmenterRequirements {
  /// The same with what a program's tiles were measured to take, where that is more than it says.
  func with(_ memory: ProbedMemory?) -> SegmenterRequirements {
    guard let memory else { return self }
    var requirements = self
    requirements.fixedBytes = max(fixedBytes, memory.fixedBytes)
    requirements.bytesPerVoxel = max(bytesPerVoxel, memory.bytesPerVoxel)
    return requirements
  }

  /// Voxels an axis to whose multiples tiles begin, for every axis.
  func stride(rank: Int) -> [Int] { stride.isEmpty ? [Int](repeating: 1, count: rank) : stride }
}
