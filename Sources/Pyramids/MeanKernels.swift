// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Sums of whole numbers are exact in 64 bits, but for blocks of 64-bit numbers near the type's bounds, which are halved enough first.
func meanOfIntegers<Voxel: VoxelScalar & FixedWidthInteger>(_ voxels: VoxelBuffer<Voxel>, _ steps: [Int]) -> VoxelBuffer<Voxel> {
  if Voxel.bitWidth == 64 { return meanOfLargeIntegers(voxels, steps) }
  let rows = CoveredRows(fine: voxels.extent, steps: steps)
  let last = voxels.extent.rank - 1
  let (run, fineRun, step) = (rows.coarse[last], voxels.extent[last], steps[last])
  var result = VoxelBuffer<Voxel>(extent: rows.coarse)
  var sums = [Int64](repeating: 0, count: run)
  let source = voxels.span
  var target = result.mutableSpan
  rows.forEach { offset, fine in
    for i in 0..<run { sums[i] = 0 }
    var sum = sums.mutableSpan
    for start in fine { addRow(source.extracting(start..<start + fineRun), step, to: &sum) }
    var row = target._mutatingExtracting(offset..<offset + run)
    for i in 0..<run {
      let count = Int64(fine.count * (min((i + 1) * step, fineRun) - i * step))
      // Half up: floor((2 sum + count) / (2 count)), by an arithmetic shift where the count is a power of two.
      let doubled = 2 * sum[i] + count
      let shift = count.trailingZeroBitCount
      let mean = count == 1 << shift ? doubled >> Int64(shift + 1) : floorDivide(doubled, 2 * count)
      row[i] = Voxel(truncatingIfNeeded: mean)
    }
  }
  return result
}

private func addRow<Voxel: VoxelScalar & FixedWidthInteger>(_ row: Span<Voxel>, _ step: Int, to sums: inout MutableSpan<Int64>) {
  if step == 2 {
    let pairs = row.count / 2
    for i in 0..<pairs { sums[i] += Int64(truncatingIfNeeded: row[2 * i]) + Int64(truncatingIfNeeded: row[2 * i + 1]) }
    if row.count > 2 * pairs { sums[pairs] += Int64(truncatingIfNeeded: row[row.count - 1]) }
  } else if step == 1 {
    for i in 0..<row.count { sums[i] += Int64(truncatingIfNeeded: row[i]) }
  } else {
    for i in 0..<row.count { sums[i / step] += Int64(truncatingIfNeeded: row[i]) }
  }
}

private func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 { value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor) }

/// The same in 128 bits.
func meanOfLargeIntegers<Voxel: VoxelScalar & FixedWidthInteger>(
  _ voxels: VoxelBuffer<Voxel>, _ steps: [Int]
) -> VoxelBuffer<Voxel> {
  reduced(voxels, steps) { block in
    let count = Int128(block.count)
    let doubled = 2 * block.reduce(Int128(0)) { $0 + Int128($1) } + count
    let quotient = doubled / (2 * count)
    return Voxel(doubled < 0 && quotient * 2 * count != doubled ? quotient - 1 : quotient)
  }
}

/// Voxels that are not numbers (NaN, infinities) are left out of the mean; a block of nothing else is NaN.
func meanOfReals<Voxel: VoxelScalar & BinaryFloatingPoint>(_ voxels: VoxelBuffer<Voxel>, _ steps: [Int]) -> VoxelBuffer<Voxel> {
  let rows = CoveredRows(fine: voxels.extent, steps: steps)
  let last = voxels.extent.rank - 1
  let (run, fineRun, step) = (rows.coarse[last], voxels.extent[last], steps[last])
  var result = VoxelBuffer<Voxel>(extent: rows.coarse)
  var sums = [Double](repeating: 0, count: run)
  var counts = [Int32](repeating: 0, count: run)
  let source = voxels.span
  var target = result.mutableSpan
  rows.forEach { offset, fine in
    for i in 0..<run { (sums[i], counts[i]) = (0, 0) }
    for start in fine {
      let row = source.extracting(start..<start + fineRun)
      var (place, phase) = (0, 0)
      for i in 0..<fineRun {
        if row[i].isFinite {
          sums[place] += Double(row[i])
          counts[place] += 1
        }
        phase += 1
        if phase == step { (place, phase) = (place + 1, 0) }
      }
    }
    for i in 0..<run { target[offset + i] = counts[i] == 0 ? .nan : Voxel(sums[i] / Double(counts[i])) }
  }
  return result
}
