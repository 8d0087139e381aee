// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// The rows of a fine lattice that go into each row of a coarse one.
struct CoveredRows {
  let coarse: Extent
  let fine: Extent
  let steps: [Int]

  init(fine: Extent, steps: [Int]) {
    self.fine = fine
    self.steps = steps
    coarse = fine.dividedRoundingUp(by: Extent(steps))
  }

  /// Calls `body` with the offset of every row of the coarse lattice and those of the fine rows that it covers, in C order.
  func forEach(_ body: (_ coarse: Int, _ fine: [Int]) -> Void) {
    let last = fine.rank - 1
    let strides = fine.strides
    let rows = Box(lower: [Int](repeating: 0, count: last), upper: Array(coarse.lengths.dropLast()))
    var target = 0
    var covered: [Int] = []
    for row in rows.indices {
      covered.removeAll(keepingCapacity: true)
      covered.append(0)
      for axis in 0..<last {
        let indices = row[axis] * steps[axis]..<min((row[axis] + 1) * steps[axis], fine[axis])
        covered = covered.flatMap { offset in indices.map { offset + $0 * strides[axis] } }
      }
      body(target, covered)
      target += coarse[last]
    }
  }
}

/// Each block of voxels through `reduce`.
func reduced<Voxel: VoxelScalar>(
  _ voxels: VoxelBuffer<Voxel>, _ steps: [Int], _ reduce: ([Voxel]) -> Voxel
) -> VoxelBuffer<Voxel> {
  let rows = CoveredRows(fine: voxels.extent, steps: steps)
  let last = voxels.extent.rank - 1
  let (run, fineRun, step) = (rows.coarse[last], voxels.extent[last], steps[last])
  var result = VoxelBuffer<Voxel>(extent: rows.coarse)
  let source = voxels.span
  var target = result.mutableSpan
  var block: [Voxel] = []
  rows.forEach { offset, fine in
    for i in 0..<run {
      block.removeAll(keepingCapacity: true)
      for start in fine {
        for j in i * step..<min((i + 1) * step, fineRun) { block.append(source[start + j]) }
      }
      target[offset + i] = reduce(block)
    }
  }
  return result
}
