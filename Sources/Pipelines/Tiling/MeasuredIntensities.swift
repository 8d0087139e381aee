// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Segmentation
internal import Volumes

/// Voxels that are looked at, at the most, where there is a coarser level that has fewer.
private let mostVoxels = 1 << 26

/// How the intensities of a channel are distributed, from one pass over the finest level that is not too large; two where voxels are not whole
/// numbers of 8 or 16 bits, whose range is not known beforehand, and more where a few voxels lie so far out that all others share a few bins.
///
/// - Parameters:
///   - levels: the levels, finest first.
///   - first: the level that is segmented; finer ones are not looked at.
///   - available: bytes that may be taken.
func measuredIntensities(of levels: [LazyVolume], from first: Int, threads: Int, available: Int) throws -> IntensityStatistics {
  let volume = levels[first...].first { $0.extent.count <= mostVoxels } ?? levels[levels.count - 1]
  let boxes = pieces(of: volume)
  let type = volume.source.voxelType
  let width = min(threads, boxes.count, max(1, available / bytes(ofPiece: boxes.map(\.count).max() ?? 0, of: volume)))
  var range: (Double, Double)
  switch type {
  case .uint8: range = (0, 255)
  case .int8: range = (-128, 127)
  case .uint16: range = (0, 65_535)
  case .int16: range = (-32_768, 32_767)
  default:
    range = (.infinity, -.infinity)
    for found in boxes.concurrentMap(threads: width, { box in Result { try extremes(volume.read(box)) } }) {
      let (low, high) = try found.get()
      range = (min(range.0, low), max(range.1, high))
    }
    // Of nothing that is a number.
    if range.0 > range.1 { range = (0, 0) }
  }
  func counted(_ range: (Double, Double)) throws -> IntensityStatistics {
    let empty = IntensityStatistics(minimum: range.0, maximum: range.1, isInteger: type.isInteger)
    var whole = empty
    // Counts add up to the same in whatever order.
    let lanes = Array(0..<width).concurrentMap(threads: width) { lane in
      Result {
        var part = empty
        for index in stride(from: lane, to: boxes.count, by: width) { part.add(try volume.read(boxes[index])) }
        return part
      }
    }
    for lane in lanes { whole.merge(try lane.get()) }
    return whole
  }
  let whole = try counted(range)
  // Whole numbers that have a bin each cannot be told apart any better.
  if type.isInteger && whole.maximum - whole.minimum < Double(IntensityStatistics.mostBins) { return whole.trimmed() }
  var narrowed = whole
  for step in 0..<mostNarrowings {
    guard let (low, high) = narrowed.crowdedRange(isNarrowed: step > 0) else { return narrowed.trimmed() }
    let range = type.isInteger ? (low.rounded(.down), high.rounded(.up)) : (low, high)
    if range == (narrowed.minimum, narrowed.maximum) { return narrowed.trimmed() }
    narrowed = try counted(range)
  }
  // Nearly all voxels are equal.
  return whole.trimmed()
}

/// While all voxels but a few share a bin, each makes the range 60,000 times narrower: from the largest 32-bit number to differences below one in
/// nine, of which the last finds that they are narrow enough.
private let mostNarrowings = 12

/// What a piece takes while it is read: its voxels as stored and as numbers, and a chunk before and after it is unpacked.
private func bytes(ofPiece voxels: Int, of volume: LazyVolume) -> Int {
  let stored = volume.source.voxelType.size
  return voxels * (4 + stored) + 2 * stored * volume.source.chunk.count + 8 * IntensityStatistics.mostBins
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
