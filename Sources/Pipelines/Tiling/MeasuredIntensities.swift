// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Segmentation
internal import Volumes

/// Voxels that are looked at, at the most, where there is a coarser level that has fewer.
private let mostVoxels = 1 << 26

/// How the intensities of a channel are distributed, from one pass over the finest level that is not too large; two where voxels are not whole
/// numbers of 8 or 16 bits, whose range is not known beforehand.
///
/// - Parameters:
///   - levels: the levels, finest first.
///   - first: the level that is segmented; finer ones are not looked at.
func measuredIntensities(of levels: [LazyVolume], from first: Int, threads: Int) throws -> IntensityStatistics {
  let volume = levels[first...].first { $0.extent.count <= mostVoxels } ?? levels[levels.count - 1]
  let boxes = pieces(of: volume)
  let type = volume.source.voxelType
  var range: (Double, Double)
  switch type {
  case .uint8: range = (0, 255)
  case .int8: range = (-128, 127)
  case .uint16: range = (0, 65_535)
  case .int16: range = (-32_768, 32_767)
  default:
    range = (.infinity, -.infinity)
    for found in boxes.concurrentMap(threads: threads, { box in Result { try extremes(volume.read(box)) } }) {
      let (low, high) = try found.get()
      range = (min(range.0, low), max(range.1, high))
    }
    // Of nothing that is a number.
    if range.0 > range.1 { range = (0, 0) }
  }
  let empty = IntensityStatistics(minimum: range.0, maximum: range.1, isInteger: type.isInteger)
  var whole = empty
  // In lanes of their own, added up in one order: the same sums whatever the threads.
  for start in stride(from: 0, to: boxes.count, by: 8 * threads) {
    let parts = Array(boxes[start..<min(start + 8 * threads, boxes.count)]).concurrentMap(threads: threads) { box in
      Result {
        var part = empty
        part.add(try volume.read(box))
        return part
      }
    }
    for part in parts { whole.merge(try part.get()) }
  }
  return whole.trimmed()
}

/// Boxes of whole chunks of about four million voxels.
private func pieces(of volume: LazyVolume) -> [Box] {
  var size = zip(volume.source.chunk.lengths, volume.extent.lengths).map(min)
  for axis in size.indices.reversed() {
    while size[axis] < volume.extent[axis] && 2 * size.reduce(1, *) <= 4 << 20 { size[axis] *= 2 }
  }
  return volume.extent.box.tiles(of: Extent(size))
}

/// The least and the greatest value that is a number; of none, infinities the wrong way round.
func extremes(_ voxels: VoxelBuffer<Float>) -> (Double, Double) {
  var (low, high) = (Float.infinity, -Float.infinity)
  let span = voxels.span
  for i in span.indices where span[i].isFinite { (low, high) = (min(low, span[i]), max(high, span[i])) }
  return (Double(low), Double(high))
}
