// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Transforms
public import Volumes

/// The known transform of a phantom: `T(x) = matrix · x + offset + u_coarse(x) + u_fine(x)`, from fixed voxels to moving voxels.
///
/// Rank 3, 2D as one plane. The displacements are cubic B-splines on control lattices that start one control point before voxel 0, so
/// `T` is known exactly at every point.
public struct PhantomTruth: Sendable {
  /// Voxels along each axis of both images; rank 2 or 3.
  public let shape: [Int]
  /// Distance between voxels along each axis of `shape`, in `unit`.
  public let spacing: [Double]
  /// The unit of `spacing`.
  public let unit: LengthUnit
  /// The seed that all followed from.
  public let seed: UInt64
  /// The linear part, voxel to voxel.
  public let affine: Transforms.AffineTransform
  /// The smooth displacements that are added, in voxels.
  public let fields: [SplineField]
  /// What the images show.
  public var contents = PhantomContents.tissue

  /// Where a (fractional) fixed voxel lies in the moving image, in voxels. Takes and gives rank 3.
  public func map(_ voxel: [Double]) -> [Double] {
    var moved = affine(voxel)
    for field in fields { moved = zip(moved, field.displacement(at: voxel)).map(+) }
    return moved
  }

  /// The fixed voxel that maps to a moving one, found by iteration to a thousandth of a voxel; `nil` where that does not converge.
  public func inverse(_ target: [Double]) -> [Double]? {
    guard let back = affine.inverse else { return nil }
    var voxel = back(target)
    for _ in 0..<60 {
      let miss = zip(target, map(voxel)).map(-)
      if miss.allSatisfy({ abs($0) < 1e-4 }) { return voxel }
      let step = AffineTransform(matrix: back.matrix, offset: [0, 0, 0])(miss)
      voxel = zip(voxel, step).map(+)
    }
    return nil
  }

  /// Voxels along z, y, x: 2D as one plane.
  public var lifted: Extent { Extent([Int](repeating: 1, count: 3 - shape.count) + shape) }

  /// Both images' place in space, rank 2 or 3.
  public var space: PhysicalSpace { PhysicalSpace(spacing: spacing, unit: unit) }

  /// Both images' place in space, 2D as one plane.
  public var liftedSpace: PhysicalSpace { space.liftedToThreeAxes() }

  /// Whether the phantom is one plane.
  public var isFlat: Bool { shape.count == 2 }

  /// What the moving image shows.
  var scene: PhantomScene {
    PhantomScene(seed: seed, size: (0..<3).map { Double(lifted[$0]) * voxelSize[$0] }, isFlat: isFlat, contents: contents)
  }

  /// The size of a voxel in scene units: its spacing over the smallest one.
  var voxelSize: SIMD3<Double> {
    let smallest = spacing.min() ?? 1
    let lifted = [Double](repeating: smallest, count: 3 - spacing.count) + spacing
    return SIMD3(lifted[0], lifted[1], lifted[2]) / smallest
  }
}
