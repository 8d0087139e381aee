// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Transforms
package import Volumes

/// One block by itself, for those who measure the fine step (`weft-benchmarks block`); runs go by `LevelRun`.
extension ChunkedRegistration {
  /// The fine step of one block by itself: read, pre-warp, deform, measure, store.
  ///
  /// - Parameters:
  ///   - folder: where the block's field is stored, if one is found; it must be there.
  ///   - threads: the most threads at work; the result does not depend on it.
  package func registerBlock(_ number: Int, _ coarse: CoarseRegistration, in folder: String, threads: Int) throws -> BlockRecord {
    try FineStage(
      registration: self, coarse: coarse, images: images(coarse), settings: FineSettings(options, coarse.metric), threads: threads,
      fields: blockFields(folder)
    ).run(grid[number])
  }

  /// The images that the fine step of a block compares, on core and halo: the moving one brought there by the coarse transform.
  package func blockVolumes(_ number: Int, _ coarse: CoarseRegistration, threads: Int) throws -> (fixed: Volume, moving: Volume)? {
    let box = grid[number].extended
    guard let pair = try BlockPair.read(box, of: images(coarse), coarse: coarse, threads: threads) else { return nil }
    let space = fixedRegion.space.cropped(at: box.lower)
    return (Volume(voxels: pair.fixed, space: space), Volume(voxels: pair.moving, space: space))
  }

  /// The displacement that `registerBlock` stored, on core and halo, in voxels.
  package func blockDisplacement(_ number: Int, in folder: String) throws -> VectorField {
    let fields = blockFields(folder)
    let block = grid[number]
    let region = fields.lattice.controlPoints(for: block.extended)
    let coefficients = try fields.read(block, isAgain: false, region: region)
    return SplineField(lattice: fields.lattice, region: region, coefficients: coefficients).dense(over: block.extended)
  }

  /// The pair at full resolution after the coarse result alone.
  private func images(_ coarse: CoarseRegistration) -> LevelImages {
    LevelImages(
      fixed: fixedRegion, moving: movingVolume(for: coarse.transform, isAveraged: false), transform: coarse.transform, start: nil,
      grid: grid, isAveraged: false)
  }

  private func blockFields(_ folder: String) -> BlockFieldFiles {
    let url = URL(fileURLWithPath: folder)
    return BlockFieldFiles(fine: url, again: url, lattice: SplineLattice(extent: grid.extent, stride: plan.fieldStride))
  }
}
