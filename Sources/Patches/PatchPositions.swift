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

  /// - Parameters:
  ///   - corner: the corner of a voxel of the first array's image: faces of patches lie on faces of its voxels.
  ///   - box: where patches may lie, or their centres, with `isPadded`.
  init(_ array: PatchArray, corner: [Double], in box: PhysicalBox, isPadded: Bool) {
    var (first, lengths) = ([Double](), [Int]())
    for axis in 0..<3 {
      let (scale, half) = (array.scale[axis], Double(array.shape[axis]) / 2)
      let margin = isPadded ? 0 : half
      let lowest = ((box.lower[axis] - corner[axis]) / scale + margin - half - 1e-6).rounded(.up)
      let highest = ((box.upper[axis] - corner[axis]) / scale - margin - half + 1e-6).rounded(.down)
      first.append(corner[axis] + (lowest + half) * scale)
      // More than can be counted is refused by the dataset.
      lengths.append(max(0, Int(min(highest - lowest, 1e12)) + 1))
    }
    (self.first, step, extent) = (first, array.scale, Extent(lengths))
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

  /// The position whose centre is nearest.
  func index(nearest center: [Double]) -> Int {
    (0..<3).reduce(0) { index, axis in
      let place = ((center[axis] - first[axis]) / step[axis]).rounded()
      return index * extent[axis] + Int(min(max(place, 0), Double(extent[axis] - 1)))
    }
  }
}
