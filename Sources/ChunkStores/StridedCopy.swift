// SPDX-License-Identifier: Apache-2.0

internal import Volumes

/// A box of voxels inside a larger array of them: where its first voxel is, and the steps along each axis.
struct StridedLayout {
  var offset: Int
  var steps: [Int]
}

/// Copies a box of `lengths` voxels between two arrays of any layout, converting each voxel (saturating).
///
/// Rows along the last axis are copied as spans; axes that lie behind one another in both arrays are joined into longer rows first.
func copyStrided<Source: VoxelScalar, Target: VoxelScalar>(
  _ lengths: [Int], from source: Span<Source>, _ from: StridedLayout, to target: inout MutableSpan<Target>, _ to: StridedLayout
) {
  if lengths.contains(0) { return }
  let (lengths, fromSteps, toSteps) = joined(lengths, from.steps, to.steps)
  let last = lengths.count - 1
  let run = lengths[last]
  let (fromStep, toStep) = (fromSteps[last], toSteps[last])
  var index = [Int](repeating: 0, count: last)
  var (fromOffset, toOffset) = (from.offset, to.offset)
  while true {
    if fromStep == 1 && toStep == 1 {
      let row = source.extracting(fromOffset..<fromOffset + run)
      var targetRow = target._mutatingExtracting(toOffset..<toOffset + run)
      for i in 0..<run { targetRow[i] = row[i].saturated(to: Target.self) }
    } else if fromStep == 0 && toStep == 1 {
      let value = source[fromOffset].saturated(to: Target.self)
      var targetRow = target._mutatingExtracting(toOffset..<toOffset + run)
      for i in 0..<run { targetRow[i] = value }
    } else {
      var (read, written) = (fromOffset, toOffset)
      for _ in 0..<run {
        target[written] = source[read].saturated(to: Target.self)
        read += fromStep
        written += toStep
      }
    }
    var axis = last - 1
    while axis >= 0 {
      index[axis] += 1
      fromOffset += fromSteps[axis]
      toOffset += toSteps[axis]
      if index[axis] < lengths[axis] { break }
      fromOffset -= fromSteps[axis] * lengths[axis]
      toOffset -= toSteps[axis] * lengths[axis]
      index[axis] = 0
      axis -= 1
    }
    if axis < 0 { return }
  }
}

/// The same box with fewer axes: one-voxel axes dropped, an axis joined with the next where both arrays hold them behind one another.
/// At least one axis is left.
private func joined(_ lengths: [Int], _ from: [Int], _ to: [Int]) -> ([Int], [Int], [Int]) {
  var result: (lengths: [Int], from: [Int], to: [Int]) = ([], [], [])
  for axis in lengths.indices where lengths[axis] > 1 {
    if let last = result.lengths.indices.last, result.from[last] == from[axis] * lengths[axis], result.to[last] == to[axis] * lengths[axis]
    {
      result.lengths[last] *= lengths[axis]
      result.from[last] = from[axis]
      result.to[last] = to[axis]
    } else {
      result.lengths.append(lengths[axis])
      result.from.append(from[axis])
      result.to.append(to[axis])
    }
  }
  return result.lengths.isEmpty ? ([1], [1], [1]) : result
}
