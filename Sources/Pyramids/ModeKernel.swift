// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// The most frequent value of each block; of equally frequent ones the first in C order.
func mostFrequent<Voxel: VoxelScalar>(_ voxels: VoxelBuffer<Voxel>, _ steps: [Int]) -> VoxelBuffer<Voxel> {
  reduced(voxels, steps) { block in
    let first = block[0]
    // Nearly every block is of one value.
    if block.allSatisfy({ $0 == first }) { return first }
    var best = (value: first, count: 0)
    for (index, value) in block.enumerated() {
      let count = block[index...].count { $0 == value }
      if count > best.count { best = (value, count) }
    }
    return best.value
  }
}
