// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
internal import Volumes

/// A box of voxels inside a larger array of them: where its first voxel is, and the steps along each axis.
struct StridedLayout {
  var offset: Int
  var steps: [Int]
}

/// Copies a box of `lengths` voxels between two arrays of any layout, converting each voxel (saturating).
///
/// Axes that lie behind one another in both arrays are joined first; then rows along the last axis are copied, a plane of them at a time.
func copyStrided<Source: VoxelScalar, Target: VoxelScalar>(
  _ lengths: [Int], from source: Span<Source>, _ from: StridedLayout, to target: inout MutableSpan<Target>, _ to: StridedLayout
) {
  if lengths.contains(0) { return }
  let (lengths, fromSteps, toSteps) = joined(lengths, from.steps, to.steps)
  let (last, plane) = (lengths.count - 1, max(0, lengths.count - 2))
  let hasRows = last > 0
  let run = PlaneAxis(length: lengths[last], from: fromSteps[last], to: toSteps[last])
  let rows = hasRows ? PlaneAxis(length: lengths[plane], from: fromSteps[plane], to: toSteps[plane]) : PlaneAxis(length: 1, from: 0, to: 0)
  var index = [Int](repeating: 0, count: plane)
  var (fromOffset, toOffset) = (from.offset, to.offset)
  while true {
    copyPlane(rows, run, from: source, fromOffset, to: &target, toOffset)
    var axis = plane - 1
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

/// An axis along which voxels are copied: how many, and the steps from one to the next.
private struct PlaneAxis {
  var length: Int
  var from: Int
  var to: Int
}

/// Copies rows of voxels.
///
/// Compiled for the pairs of types that are common, whoever calls: what is called through a protocol would convert voxel by voxel through
/// tables of functions, at a tenth of the speed.
@specialized(where Source == UInt8, Target == Float)
@specialized(where Source == Int8, Target == Float)
@specialized(where Source == UInt16, Target == Float)
@specialized(where Source == Int16, Target == Float)
@specialized(where Source == UInt32, Target == Float)
@specialized(where Source == Int32, Target == Float)
@specialized(where Source == UInt64, Target == Float)
@specialized(where Source == Int64, Target == Float)
@specialized(where Source == Double, Target == Float)
@specialized(where Source == UInt8, Target == UInt64)
@specialized(where Source == UInt16, Target == UInt64)
@specialized(where Source == UInt32, Target == UInt64)
@specialized(where Source == Int32, Target == UInt64)
@specialized(where Source == Int64, Target == UInt64)
@specialized(where Source == UInt8, Target == UInt32)
@specialized(where Source == UInt16, Target == UInt32)
@specialized(where Source == Float, Target == UInt16)
@specialized(where Source == Float, Target == UInt8)
private func copyPlane<Source: VoxelScalar, Target: VoxelScalar>(
  _ rows: PlaneAxis, _ run: PlaneAxis, from source: Span<Source>, _ from: Int, to target: inout MutableSpan<Target>, _ to: Int
) {
  if Source.self == Target.self, run.from == 1, run.to == 1 {
    precondition(
      from + (rows.length - 1) * rows.from + run.length <= source.count && to + (rows.length - 1) * rows.to + run.length <= target.count)
    let size = MemoryLayout<Source>.size
    var bytes = target.mutableRawBytes
    ccodecs_copy_rows(
      unsafe source.bytes, &bytes, from * size, rows.from * size, to * size, rows.to * size, run.length * size, rows.length)
    return
  }
  for row in 0..<rows.length {
    var (read, written) = (from + row * rows.from, to + row * rows.to)
    if run.from == 1 && run.to == 1 {
      let values = source.extracting(read..<read + run.length)
      var targetRow = target._mutatingExtracting(written..<written + run.length)
      for i in 0..<run.length { targetRow[i] = values[i].saturated(to: Target.self) }
    } else if run.from == 0 && run.to == 1 {
      let value = source[read].saturated(to: Target.self)
      var targetRow = target._mutatingExtracting(written..<written + run.length)
      for i in 0..<run.length { targetRow[i] = value }
    } else {
      for _ in 0..<run.length {
        target[written] = source[read].saturated(to: Target.self)
        read += run.from
        written += run.to
      }
    }
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
