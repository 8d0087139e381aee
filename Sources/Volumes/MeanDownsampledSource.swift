// SPDX-License-Identifier: Apache-2.0

public import Grids

/// The mean over blocks of voxels of another source, computed while reading; the last blocks average what is there.
///
/// Reading holds the result, a running sum of the result's size, and one tile of the base (at most about 4 million voxels or one
/// chunk row), whatever the factors. Voxels that are not numbers (NaN, infinities) are left out of the mean; a block of nothing else is NaN.
public struct MeanDownsampledSource: VoxelSource {
  let base: any VoxelSource
  let factors: [Int]

  /// The mean of `base` over `factors` voxels an axis.
  ///
  /// - Precondition: there is one factor of at least 1 an axis.
  public init(base: any VoxelSource, factors: [Int]) {
    precondition(factors.count == base.extent.rank && factors.allSatisfy { $0 >= 1 }, "one factor of at least 1 an axis")
    self.base = base
    self.factors = factors
  }

  public var extent: Extent { base.extent.dividedRoundingUp(by: Extent(factors)) }
  public var voxelType: VoxelType { base.voxelType == .float64 ? .float64 : .float32 }
  public var chunk: Extent { base.chunk.dividedRoundingUp(by: Extent(factors)) }
  public var residentFiles: [ResidentFile] { base.residentFiles }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    var sums = [Float](repeating: 0, count: box.count)
    var counts = [Int32](repeating: 0, count: box.count)
    let fine = Box(lower: zip(box.lower, factors).map(*), upper: zip(box.upper, factors).map(*)).intersection(base.extent.box)
    var voxels = VoxelBuffer<Float>()
    let tiles = fine.tiles(of: tileExtent)
    for (number, tile) in tiles.enumerated() {
      try base.read(tile, into: &voxels)
      // The next tile is fetched while this one is averaged.
      if number + 1 < tiles.count { base.willRead(tiles[number + 1]) }
      add(voxels, at: tile, to: &sums, &counts, box)
    }
    for i in sums.indices { sums[i] = counts[i] == 0 ? .nan : sums[i] / Float(counts[i]) }
    return VoxelBuffer(extent: box.extent, elements: sums).converted(to: type)
  }

  /// Whole chunks, joined along the fast axes up to 4 million voxels.
  private var tileExtent: Extent {
    var lengths = zip(base.chunk.lengths, base.extent.lengths).map(min)
    for axis in stride(from: lengths.count - 1, through: 0, by: -1) {
      while lengths[axis] < base.extent[axis] && lengths.reduce(1, *) * 2 <= 4 << 20 { lengths[axis] *= 2 }
    }
    return Extent(lengths)
  }

  private func add(_ voxels: VoxelBuffer<Float>, at tile: Box, to sums: inout [Float], _ counts: inout [Int32], _ box: Box) {
    let rank = box.rank
    let last = rank - 1
    let targetStrides = box.extent.strides
    let rows = Box(lower: Array(tile.lower.dropLast()), upper: Array(tile.upper.dropLast()))
    let run = tile.extent[last]
    let factor = factors[last]
    var from = 0
    var sums = sums.mutableSpan
    var counts = counts.mutableSpan
    let values = voxels.elements.span
    for row in rows.indices {
      var to = 0
      for axis in 0..<last { to += (row[axis] / factors[axis] - box.lower[axis]) * targetStrides[axis] }
      var target = to + tile.lower[last] / factor - box.lower[last]
      var phase = tile.lower[last] % factor
      for i in 0..<run {
        let value = values[from + i]
        if value.isFinite {
          sums[target] += value
          counts[target] += 1
        }
        phase += 1
        if phase == factor {
          phase = 0
          target += 1
        }
      }
      from += run
    }
  }
}
