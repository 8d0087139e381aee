// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// The weights 1, 3, 3, 1 along each halved axis about the middle of a block: the binomial kernel of Burt and Adelson's pyramid, shifted by
/// half a voxel so that a level lies where a mean would.
///
/// Voxels outside `voxels` and those that are no numbers (NaN, infinities) are left out, and the other weights make up for them; whole
/// numbers are rounded half up.
///
/// - Parameter covering: the voxels that the result covers; a margin of one voxel about them is looked at, as far as it is there.
/// - Precondition: steps are 1 or 2.
func weighted<Voxel: VoxelScalar>(_ voxels: VoxelBuffer<Voxel>, _ steps: [Int], _ covering: Box) -> VoxelBuffer<Voxel> {
  precondition(steps.allSatisfy { $0 == 1 || $0 == 2 }, "axes are halved or left alone")
  let extent = covering.extent.dividedRoundingUp(by: Extent(steps))
  var result = VoxelBuffer<Voxel>(extent: extent)
  let last = extent.rank - 1
  let strides = voxels.extent.strides
  let fineRun = voxels.extent[last]
  var sums = [Double](repeating: 0, count: fineRun)
  var weights = sums
  let source = voxels.span
  var target = result.mutableSpan

  /// The voxels along an axis that one of the result looks at, with their weights.
  func taps(_ axis: Int, _ index: Int) -> [(index: Int, weight: Double)] {
    guard steps[axis] == 2 else { return [(covering.lower[axis] + index, 1)] }
    let first = covering.lower[axis] + 2 * index - 1
    return zip(first..<first + 4, [1.0, 3, 3, 1]).filter { 0..<voxels.extent[axis] ~= $0.0 }.map { ($0.0, $0.1) }
  }

  let along = (0..<extent[last]).map { taps(last, $0) }
  let rows = Box(lower: [Int](repeating: 0, count: last), upper: Array(extent.lengths.dropLast()))
  var offset = 0
  for row in rows.indices {
    for i in 0..<fineRun { (sums[i], weights[i]) = (0, 0) }
    var starts: [(start: Int, weight: Double)] = [(0, 1)]
    for axis in 0..<last {
      let taps = taps(axis, row[axis])
      starts = starts.flatMap { start in taps.map { (start.start + $0.index * strides[axis], start.weight * $0.weight) } }
    }
    for (start, weight) in starts {
      for i in 0..<fineRun {
        let value = source[start + i].double
        guard value.isFinite else { continue }
        sums[i] += weight * value
        weights[i] += weight
      }
    }
    for (i, taps) in along.enumerated() {
      var (sum, weight) = (0.0, 0.0)
      for tap in taps {
        sum += tap.weight * sums[tap.index]
        weight += tap.weight * weights[tap.index]
      }
      let mean = weight == 0 ? Double.nan : sum / weight
      target[offset + i] = Voxel.saturating(real: Voxel.voxelType.isInteger ? (mean + 0.5).rounded(.down) : mean)
    }
    offset += extent[last]
  }
  return result
}
