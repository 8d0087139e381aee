// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// The lattice that pictures of the fixed region are taken on: its voxels, averaged by powers of two along each axis, so that they are about
/// as long as wide and a picture has no more than so many a side.
struct ViewLattice: Sendable {
  /// Voxels of the region that one pixel averages, along z, y, x.
  let factors: [Int]
  /// The pixels of the whole region.
  let extent: Extent
  /// Where they lie.
  let space: PhysicalSpace
  /// Whether pictures are turned as those of patients are: world z upwards, posterior down, left to the right.
  let isAnatomical: Bool

  /// - Parameters:
  ///   - region: the fixed lattice that was registered, three axes.
  ///   - most: pixels a side that a picture may have.
  ///   - shown: the part that is looked at, in voxels of the region.
  init(of region: Extent, in regionSpace: PhysicalSpace, most: Int, showing shown: Box, isAnatomical: Bool = false) {
    let long = (0..<3).filter { region[$0] > 1 }
    let finest = long.map { regionSpace.spacing[$0] }.min() ?? 1
    var factors = [1, 1, 1]
    var pixel = finest
    while true {
      factors = (0..<3).map { axis in
        if region[axis] == 1 { return 1 }
        let exponent = min(max(0, log2(pixel / regionSpace.spacing[axis]).rounded()), 40)
        return min(1 << Int(exponent), Self.powerOfTwo(upTo: region[axis]))
      }
      if (0..<3).allSatisfy({ (shown.extent[$0] + factors[$0] - 1) / factors[$0] <= most || factors[$0] * 2 > region[$0] }) { break }
      pixel *= 2
    }
    self.factors = factors
    self.isAnatomical = isAnatomical
    extent = region.dividedRoundingUp(by: Extent(factors))
    space = regionSpace.downsampled(by: factors)
  }

  private static func powerOfTwo(upTo most: Int) -> Int {
    var power = 1
    while power * 2 <= most { power *= 2 }
    return power
  }

  /// The pixels that show a box of the region's voxels, and the planes through one of those voxels: two dimensions have one plane.
  func planes(of shown: Box, through voxel: [Int]) -> [ViewPlane] {
    let box = Box(
      lower: zip(shown.lower, factors).map { $0 / $1 }, upper: zip(shown.upper, factors).map { ($0 + $1 - 1) / $1 }
    ).intersection(extent.box)
    let middle = (0..<3).map { min(max(voxel[$0] / factors[$0], box.lower[$0]), box.upper[$0] - 1) }
    let normals = extent[0] == 1 ? [0] : [0, 1, 2]
    return normals.map { normal in
      var (lower, upper) = (box.lower, box.upper)
      (lower[normal], upper[normal]) = (middle[normal], middle[normal] + 1)
      return ViewPlane(normal: normal, box: Box(lower: lower, upper: upper), view: self)
    }
  }
}
