// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// The places that a patch may have: its centre on a lattice of one point a voxel of the first array.
struct PatchPositions: Hashable, Sendable {
  /// The lowest centre along each axis.
  let first: [Double]
  /// From one centre to the next.
  let step: [Double]
  /// Centres along each axis.
  let extent: Extent
  /// The voxel with which the first patch begins along each axis, counted from the corner.
  private let lowest: [Int]

  /// - Parameters:
  ///   - corner: the corner of a voxel of the first array's image: faces of patches lie on faces of its voxels.
  ///   - box: where centres may lie.
  init(_ array: PatchArray, corner: [Double], centersIn box: PhysicalBox) {
    var (first, lengths, lowestVoxels) = ([Double](), [Int](), [Int]())
    for axis in 0..<3 {
      let (scale, half) = (array.scale[axis], Double(array.shape[axis]) / 2)
      let lowest = ((box.lower[axis] - corner[axis]) / scale - half - 1e-6).rounded(.up)
      let highest = ((box.upper[axis] - corner[axis]) / scale - half + 1e-6).rounded(.down)
      first.append(corner[axis] + (lowest + half) * scale)
      lowestVoxels.append(Int(max(min(lowest, 1e12), -1e12)))
      // More than can be counted is refused by the dataset.
      lengths.append(max(0, Int(min(highest - lowest, 1e12)) + 1))
    }
    (self.first, step, extent, lowest) = (first, array.scale, Extent(lengths), lowestVoxels)
  }

  /// `nil` where they are more than can be counted.
  var countIfFinite: Int? { extent.lengths.product }

  var count: Int { extent.count }

  /// The centre of a position.
  func center(_ index: Int) -> [Double] {
    var rest = index
    var center = first
    for axis in [2, 1, 0] {
      center[axis] += Double(rest % extent[axis]) * step[axis]
      rest /= extent[axis]
    }
    return center
  }

  /// A position whose patch begins in the same cell of a lattice as that of another one; all of them are as likely.
  ///
  /// - Parameter cell: voxels of a cell along each axis; the first begins at the corner.
  func index(near other: Int, cell: [Int], random: inout PatchRandom) -> Int {
    var (rest, scale, index) = (other, 1, 0)
    for axis in [2, 1, 0] {
      let voxel = lowest[axis] + rest % extent[axis]
      rest /= extent[axis]
      let begin = Int((Double(voxel) / Double(cell[axis])).rounded(.down)) * cell[axis] - lowest[axis]
      index += scale * Int.random(in: max(0, begin)..<min(extent[axis], begin + cell[axis]), using: &random)
      scale *= extent[axis]
    }
    return index
  }

  /// The position whose centre is nearest.
  func index(nearest center: [Double]) -> Int {
    (0..<3).reduce(0) { index, axis in
      let place = ((center[axis] - first[axis]) / step[axis]).rounded()
      return index * extent[axis] + Int(min(max(place, 0), Double(extent[axis] - 1)))
    }
  }
}
