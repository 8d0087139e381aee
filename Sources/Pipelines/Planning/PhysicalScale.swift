// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Grids
internal import Volumes

/// Downsampling factors that bring an image nearest to a spacing.
package enum PhysicalScale {
  /// The fewest voxels an axis keeps where it has more.
  package static let fewestVoxels = 32

  /// For each axis the whole factor whose spacing comes nearest (as a ratio) to `target`, leaving at least 32 voxels where there are more.
  package static func factors(extent: Extent, spacing: [Double], target: Double) -> [Int] {
    zip(nearestFactors(extent: extent, spacing: spacing, target: target), extent.lengths).map { max(1, min($0, $1 / fewestVoxels)) }
  }

  /// Likewise, however few voxels that leaves.
  static func nearestFactors(extent: Extent, spacing: [Double], target: Double) -> [Int] {
    zip(extent.lengths, spacing).map { length, step in
      // Nothing beyond the axis itself counts.
      let ratio = min(target / step, Double(length))
      if ratio <= 1 { return 1 }
      let low = max(1, Int(ratio.rounded(.down)))
      return ratio / Double(low) <= Double(low + 1) / ratio ? low : low + 1
    }
  }
}
