// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import ImageFiles
internal import Pyramids
public import Volumes

extension StoredImage {
  /// Opens an image of any kind that Weft reads: OME-Zarr, plain Zarr, N5, TIFF (also numbered planes), HDF5, Imaris, NIfTI, NRRD, MHA, PNG,
  /// JPEG. No voxel is loaded.
  ///
  /// - Parameters:
  ///   - path: the file, the folder, a pattern of numbered TIFF files (`scan/z*.tif`), or a level or array inside an OME-Zarr
  ///     (`a.ome.zarr/0`); of Zarr and N5 also a zip archive, a folder in one, or an address (`https://…`, `s3://…`).
  ///   - axes: names for the axes where the file lacks them, as `cyx`.
  ///   - spacing: distances between voxels, z, y, x (2D: y, x), in place of the file's.
  /// - Throws: an error that names the path: missing, not an image, damaged, spacing not above zero.
  public static func open(_ path: String, axes: String? = nil, spacing: [Double]? = nil) throws -> StoredImage {
    if let spacing, let wrong = spacing.first(where: { !($0 > 0 && $0.isFinite) }) {
      throw PipelineError("a spacing of \(wrong) for \(path) is not above zero", hint: "give distances between voxels, as 2,0.5,0.5")
    }
    if path.contains("://"), !StoreLocation.isRemote(path) {
      throw PipelineError("\(path) is an address of a kind that is not read", hint: "use https://, http:// or s3://")
    }
    let isElsewhere = StoreLocation.isRemote(path) || StoreLocation.isInArchive(path)
    let parts = isElsewhere ? nil : ImageFile.hdf5Parts(of: path)
    let exists = isElsewhere ? true : parts == nil ? FileManager.default.isFolder(atPath: path) : false
    let isPattern = exists == nil && ImageFile.isSequence(path)
    guard let isFolder = isPattern ? true : exists else {
      throw PipelineError("\(path) does not exist", hint: "check the path")
    }
    var image =
      if let parts {
        try ImageFile.openHDF5(path: parts.file, dataset: parts.dataset, axes: axes, spacing: spacing)
      } else if !isFolder {
        try ImageFile.open(path: path, axes: axes, spacing: spacing)
      } else if try StoreLocation.isRemote(path) ? !OMEImage.holdsZarr(path) : !OMEImage.isZarr(path), N5Image.isN5(path) {
        try N5Image.open(path, axes: axes, spacing: spacing)
      } else if !isElsewhere, !OMEImage.isZarr(path), ImageFile.isSequence(path) {
        try ImageFile.openSequence(path, axes: axes, spacing: spacing)
      } else {
        try OMEImage.open(path, axes: axes, spacing: spacing)
      }
    (image.givenAxes, image.givenSpacing) = (axes, spacing)
    for level in image.levels { try requireUsable(level.space, path) }
    return image
  }

  /// - Throws: `PipelineError` where a lattice lies nowhere that can be computed with, as damaged headers have it.
  private static func requireUsable(_ space: PhysicalSpace, _ path: String) throws {
    guard space.spacing.allSatisfy({ $0 > 1e-12 && $0 < 1e12 }) else {
      throw PipelineError(
        "\(path) has the spacing \(space.spacing) (z, y, x), which no image has",
        hint: "give the right one with --fixed-spacing or --moving-spacing (`apply`: --input-spacing, others: --spacing)")
    }
    guard space.origin.allSatisfy({ abs($0) < 1e15 }) else {
      throw PipelineError("\(path) has the origin \(space.origin) (z, y, x), which no image has", hint: "correct its metadata")
    }
  }
}
