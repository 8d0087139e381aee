// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Pyramids
package import Transforms
package import Volumes

/// How the whole map `T` behaves over the registered region.
public struct MapStatistics: Sendable, Codable, Equatable {
  /// The least determinant of the Jacobian of `T`, in moving voxels a fixed voxel, divided by that of the affine map.
  public var minimumJacobian: Double
  /// Voxels where it is not positive, in per cent.
  public var foldingPercent: Double
  /// Voxels among them where the coarse map folds by itself, which no local field can mend, in per cent.
  public var coarseFoldingPercent: Double
  /// Voxels that map inside the moving image, and so show some of it, in per cent.
  public var insidePercent: Double

  /// Whether the moving image covers less of the region than a block needs to be registered.
  var coversTooLittle: Bool { insidePercent < 1 }
  /// Whether the map folds, or next to nothing of the moving image is shown.
  var isFlagged: Bool { foldingPercent > 0 || coversTooLittle }
}

extension ChunkedRegistration {
  /// Factors by which the moving image is averaged before it is resampled, so that resampling does not alias: for each axis the largest
  /// power of two whose voxels are no coarser than the step that one fixed voxel makes.
  ///
  /// - Parameter tolerance: how much coarser they may be.
  package static func antialiasingFactors(_ moving: LazyVolume, for transform: ComposedTransform, tolerance: Double = 1.05) -> [Int] {
    let step = AffineTransform.voxelMap(from: transform.fixedSpace, through: transform.affine, to: moving.space).matrix
    return (0..<3).map { axis in
      let span = step[axis].map { $0 * $0 }.reduce(0, +).squareRoot()
      var factor = 1
      while Double(factor * 2) <= span * tolerance && moving.extent[axis] >= factor * 4 { factor *= 2 }
      return factor
    }
  }

  /// The moving image at the resolution that suits the lattice of a transform's boxes.
  ///
  /// - Parameter isAveraged: whether the fixed image is averaged on that lattice; the moving one is then taken at the nearest resolution.
  func movingVolume(for transform: ComposedTransform, isAveraged: Bool) -> LazyVolume {
    let tolerance = isAveraged ? 2.0.squareRoot() : 1.05
    return movingPyramid.downsampled(by: Self.antialiasingFactors(movingPyramid.finest, for: transform, tolerance: tolerance))
  }

  /// The OME-NGFF version of the output: as asked, else that of the fixed image, else 0.5.
  var outputVersion: OMEVersion { options.omeVersion ?? OMEVersion(ofFormat: fixed.format) }
}
