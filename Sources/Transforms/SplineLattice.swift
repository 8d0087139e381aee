// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Where the control points of a volume's cubic B-spline field lie: every `stride` voxels, from one before the first voxel to one beyond
/// the last, on one lattice that all blocks of the volume share.
///
/// Control point `k` along an axis sits at voxel `k · stride`, `k ≥ −1`. An axis of one voxel has one control point, at that voxel.
public struct SplineLattice: Hashable, Sendable {
  /// Voxels of the volume, rank 3.
  public let extent: Extent
  /// Voxels between control points along each axis.
  public let stride: [Int]

  /// A lattice over a volume of `extent`; an axis of one voxel gets stride 1.
  public init(extent: Extent, stride: Int = 4) {
    self.extent = extent
    self.stride = extent.lengths.map { $0 == 1 ? 1 : stride }
  }

  /// All control points: `-1 ..< ⌊(n − 1) / stride⌋ + 3` along each axis.
  public var box: Box { controlPoints(for: extent.box) }

  /// The control points that take part in the field inside `voxels`.
  public func controlPoints(for voxels: Box) -> Box {
    var lower: [Int] = []
    var upper: [Int] = []
    for axis in 0..<extent.rank {
      if extent[axis] == 1 {
        lower.append(0)
        upper.append(1)
      } else {
        lower.append(voxels.lower[axis] / stride[axis] - 1)
        upper.append((voxels.upper[axis] - 1) / stride[axis] + 3)
      }
    }
    return Box(lower: lower, upper: upper)
  }

  /// The voxels whose field any of the given control points takes part in, clipped to the volume.
  public func voxels(touchedBy controlPoints: Box) -> Box {
    Box(
      lower: (0..<extent.rank).map { extent[$0] == 1 ? 0 : (controlPoints.lower[$0] - 2) * stride[$0] + 1 },
      upper: (0..<extent.rank).map { extent[$0] == 1 ? 1 : (controlPoints.upper[$0] + 1) * stride[$0] }
    ).intersection(extent.box)
  }

  /// The four weights of the cubic B-spline at fraction `t` between two control points; they sum to 1.
  static func weights(at t: Double) -> SIMD4<Double> {
    let s = 1 - t
    return SIMD4(s * s * s / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (-3 * t * t * t + 3 * t * t + 3 * t + 1) / 6, t * t * t / 6)
  }
}
