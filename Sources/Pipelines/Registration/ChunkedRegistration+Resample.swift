// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Filtering
internal import Foundation
internal import Grids
internal import Pyramids
internal import Synchronization
package import Transforms
package import Volumes

/// How the whole map `T` behaves over the registered region.
public struct MapStatistics: Sendable, Codable, Equatable {
  /// The least determinant of the Jacobian of `T`, in moving voxels a fixed voxel, divided by that of the affine map.
  public var minimumJacobian: Double
  /// Voxels where it is not positive, in per cent.
  public var foldingPercent: Double
}

extension ChunkedRegistration {
  /// Factors by which the moving image is averaged before it is resampled, so that resampling does not alias: for each axis the largest
  /// power of two whose voxels are no coarser than the step that one fixed voxel makes.
  package static func antialiasingFactors(_ moving: LazyVolume, for transform: ComposedTransform) -> [Int] {
    let step = AffineTransform.voxelMap(from: transform.fixedSpace, through: transform.affine, to: moving.space).matrix
    return (0..<3).map { axis in
      let span = step[axis].map { $0 * $0 }.reduce(0, +).squareRoot()
      var factor = 1
      while Double(factor * 2) <= span * 1.05 && moving.extent[axis] >= factor * 4 { factor *= 2 }
      return factor
    }
  }

  /// The moving image at the resolution that suits the fixed lattice.
  func movingVolume(for transform: ComposedTransform) -> LazyVolume {
    movingPyramid.downsampled(by: Self.antialiasingFactors(movingPyramid.finest, for: transform))
  }

  /// Resamples all channels of the moving image through the whole map and writes `path`.
  func resample(_ coarse: CoarseRegistration, _ field: LocalField?, to path: String) async throws -> MapStatistics {
    let transform = coarse.transform
    let linear = AffineTransform.voxelMap(from: transform.fixedSpace, through: transform.affine, to: movingPyramid.finest.space)
    // 2D as one plane has no change along z.
    let scale = Float(linear.determinant / (fixedRegion.extent[0] == 1 ? linear.matrix[0][0] : 1))
    let statistics = Mutex((minimum: Double.infinity, folded: 0))
    let resampler = ImageResampler(
      image: moving, extent: fixedRegion.extent, space: fixedRegion.space, rank: rank, interpolation: options.interpolation,
      factors: Self.antialiasingFactors(movingPyramid.finest, for: transform), isLabels: false, threads: plan.boxesAtOnce,
      progress: progress
    ) { box, lattice in
      transform.mapped(box, local: try field?.field(over: box), to: lattice)
    }
    let boxes = fixedRegion.extent.box.tiles(of: ImageResampler.chunk(rank: rank))
    try await BlockRunner(width: plan.boxesAtOnce, progress: progress).run("check map", over: boxes, count: boxes.count) { [self] box in
      // One voxel of the boxes around, so that differences are central everywhere.
      let reach = box.expanded(by: [1, 1, 1]).intersection(fixedRegion.extent.box)
      let mapped = transform.mapped(reach, local: try field?.field(over: reach), to: movingPyramid.finest.space)
      let ratios = mapped.jacobianDeterminants(over: reach).cropped(to: box.relative(to: reach.lower)).mapVoxels { $0 / scale }
      let found = FoldingSummary(determinants: ratios)
      statistics.withLock {
        $0.minimum = min($0.minimum, found.minimumDeterminant)
        $0.folded += ratios.elements.count { !($0 > 0) }
      }
    }
    try await resampler.write(to: path, format: options.format, version: outputVersion)
    return statistics.withLock {
      MapStatistics(minimumJacobian: $0.minimum, foldingPercent: 100 * Double($0.folded) / Double(fixedRegion.extent.count))
    }
  }

  /// The OME-NGFF version of the output: as asked, else that of the fixed image, else 0.5.
  var outputVersion: OMEVersion { options.omeVersion ?? OMEVersion(ofFormat: fixed.format) }
}
