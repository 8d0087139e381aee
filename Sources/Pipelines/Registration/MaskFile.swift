// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// A mask that the options name.
enum MaskFile {
  /// Opens a mask on three axes, placed in the unit of its image; no voxel is read.
  ///
  /// A file that tells of no place (a plain TIFF, a picture, an array) lies voxel on voxel of its image.
  ///
  /// - Parameters:
  ///   - image: the finest level of the masked image, on three axes.
  ///   - rank: 2 or 3, as the image has it in its file.
  /// - Throws: errors of opening; `PipelineError` where the rank is another, or the shape where nothing but the shape tells the place.
  static func open(_ path: String, of image: LazyVolume, rank: Int) throws -> VolumePyramid {
    let mask = try StoredImage.open(path).volumes()
    guard mask.finest.rank == rank else {
      throw PipelineError(
        "the mask \(path) is \(mask.finest.rank)D, and its image \(image.name) is \(rank)D", hint: "give a mask of the image's rank")
    }
    let finest = mask.finest.liftedToThreeAxes()
    guard mask.finest.space.isBare else {
      return VolumePyramid(levels: mask.levels.map { $0.placed(in: $0.space.converted(to: image.space.unit)).liftedToThreeAxes() })
    }
    guard finest.extent == image.extent else {
      let shapes = [mask.finest.extent, Extent(Array(image.extent.lengths.suffix(rank)))]
      throw PipelineError(
        "the mask \(path) has \(shapes[0]) voxels and tells of no place, and its image \(image.name) has \(shapes[1])",
        hint: "give a mask with the image's voxels, or one whose file tells spacing and origin, as OME-Zarr, NIfTI or NRRD")
    }
    return VolumePyramid(levels: [finest.placed(in: image.space)])
  }
}

extension PhysicalSpace {
  /// Whether this is what a file without a word of its place is given: voxels of length 1 without a unit, from zero.
  fileprivate var isBare: Bool { self == PhysicalSpace(spacing: [Double](repeating: 1, count: rank)) }
}
