// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// A set of voxels of a lattice of rank 3, with what morphology needs of it.
struct BinaryVolume {
  let extent: Extent
  var isInside: [Bool]

  /// Dilation, then erosion, by a box of `radius` voxels along each axis longer than one; the border of the lattice erodes nothing.
  mutating func close(radius: Int) {
    for axis in 0..<3 where extent[axis] > 1 { spread(true, along: axis, radius: radius) }
    for axis in 0..<3 where extent[axis] > 1 { spread(false, along: axis, radius: radius) }
  }

  /// Takes off the voxels that touch one outside, by a face, an edge or a corner; beyond the lattice nothing lies outside.
  mutating func shrink() {
    for axis in 0..<3 { spread(false, along: axis, radius: 1) }
  }

  /// Gives every voxel within `radius` of one that is `value` that value.
  private mutating func spread(_ value: Bool, along axis: Int, radius: Int) {
    let step = extent.strides[axis]
    let length = extent[axis]
    let source = isInside
    for index in source.indices where source[index] == value {
      let position = index / step % length
      let first = index - min(radius, position) * step
      let last = index + min(radius, length - 1 - position) * step
      for target in stride(from: first, through: last, by: step) { isInside[target] = value }
    }
  }

  /// Takes out face-connected pieces smaller than `fraction` of the largest.
  mutating func dropSmallPieces(below fraction: Double) {
    let (labels, sizes) = pieces(of: true)
    let largest = Double(sizes.max() ?? 0)
    for index in isInside.indices where isInside[index] && Double(sizes[labels[index]]) < fraction * largest { isInside[index] = false }
  }

  /// Puts in face-connected pieces of the outside that do not reach the border of the lattice.
  mutating func fillHoles() {
    let (labels, sizes) = pieces(of: false)
    var reachesBorder = [Bool](repeating: false, count: sizes.count)
    let strides = extent.strides
    func isOnBorder(_ index: Int) -> Bool {
      (0..<3).contains { axis in
        let position = index / strides[axis] % extent[axis]
        return extent[axis] > 1 && (position == 0 || position == extent[axis] - 1)
      }
    }
    for index in isInside.indices where !isInside[index] && isOnBorder(index) { reachesBorder[labels[index]] = true }
    for index in isInside.indices where !isInside[index] && !reachesBorder[labels[index]] { isInside[index] = true }
  }

  /// Face-connected pieces of the voxels that are `value`: a number for each voxel (−1 elsewhere), and each piece's size.
  private func pieces(of value: Bool) -> (labels: [Int], sizes: [Int]) {
    var labels = [Int](repeating: -1, count: isInside.count)
    var sizes: [Int] = []
    let strides = extent.strides
    var queue: [Int] = []
    for seed in isInside.indices where isInside[seed] == value && labels[seed] < 0 {
      labels[seed] = sizes.count
      queue = [seed]
      var size = 0
      while let index = queue.popLast() {
        size += 1
        for axis in 0..<3 {
          let position = index / strides[axis] % extent[axis]
          for neighbour in [position > 0 ? index - strides[axis] : -1, position + 1 < extent[axis] ? index + strides[axis] : -1]
          where neighbour >= 0 && isInside[neighbour] == value && labels[neighbour] < 0 {
            labels[neighbour] = sizes.count
            queue.append(neighbour)
          }
        }
      }
      sizes.append(size)
    }
    return (labels, sizes)
  }
}
