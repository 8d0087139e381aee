// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Volumes

/// The labels of a tile, dense: 1 ... count, in the order in which they first appear (C order).
package struct TileLabels: Sendable {
  /// Labels of the tile with its halo; 0 is background.
  package let voxels: VoxelBuffer<UInt32>
  /// How many objects there are.
  package let count: Int

  /// Dense labels of what a method returned, whose labels may have gaps.
  ///
  /// - Complexity: O(voxels); memory beside the result: 4 bytes for each label up to the greatest, or for each object where labels are far
  ///   apart.
  package init(compacting found: VoxelBuffer<UInt32>) {
    var voxels = found
    let greatest = found.elements.max() ?? 0
    var count: UInt32 = 0
    if Int(greatest) <= 4 * found.count + 1024 {
      var dense = [UInt32](repeating: 0, count: Int(greatest) + 1)
      var span = voxels.mutableSpan
      for i in span.indices where span[i] != 0 {
        let label = Int(span[i])
        if dense[label] == 0 {
          count += 1
          dense[label] = count
        }
        span[i] = dense[label]
      }
    } else {
      var dense: [UInt32: UInt32] = [:]
      var span = voxels.mutableSpan
      for i in span.indices where span[i] != 0 {
        let label = span[i]
        if let known = dense[label] {
          span[i] = known
        } else {
          count += 1
          dense[label] = count
          span[i] = count
        }
      }
    }
    self.voxels = voxels
    self.count = Int(count)
  }
}

extension TileLabels {
  /// The bounding boxes of the objects, that of label 1 first.
  package func boxes() -> [Box] {
    let rank = voxels.extent.rank
    var lower = [[Int]](repeating: voxels.extent.lengths, count: count)
    var upper = [[Int]](repeating: [Int](repeating: 0, count: rank), count: count)
    forEachRun(of: voxels, in: voxels.extent.box) { label, row, run in
      let index = Int(label) - 1
      for axis in 0..<rank - 1 {
        lower[index][axis] = min(lower[index][axis], row[axis])
        upper[index][axis] = max(upper[index][axis], row[axis] + 1)
      }
      lower[index][rank - 1] = min(lower[index][rank - 1], run.lowerBound)
      upper[index][rank - 1] = max(upper[index][rank - 1], run.upperBound)
    }
    return zip(lower, upper).map { Box(lower: $0, upper: $1) }
  }
}

/// Calls `body` for every run of equal labels that are not background, row by row: the row's index along all axes but the last, and the
/// run within it.
func forEachRun(of voxels: VoxelBuffer<UInt32>, in box: Box, _ body: (_ label: UInt32, _ row: [Int], _ run: Range<Int>) -> Void) {
  let rank = box.rank
  let strides = voxels.extent.strides
  let span = voxels.span
  for row in Box(lower: Array(box.lower.dropLast()), upper: Array(box.upper.dropLast())).indices {
    let start = zip(row, strides).map(*).reduce(0, +)
    var x = box.lower[rank - 1]
    let end = box.upper[rank - 1]
    while x < end {
      let label = span[start + x]
      let first = x
      repeat { x += 1 } while x < end && span[start + x] == label
      if label != 0 { body(label, row, first..<x) }
    }
  }
}
