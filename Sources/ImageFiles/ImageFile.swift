// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Volumes

/// Image files: TIFF, also several of one image, HDF5 (Imaris), and what ITK reads (NIfTI, NRRD, MetaImage, PNG, JPEG).
public enum ImageFile {
  /// Opens an image; reads its header and no voxel.
  ///
  /// Where the voxels lie follows the file. NIfTI, NRRD and MetaImage are taken to be in millimetres (ITK's convention); PNG and JPEG
  /// have spacing 1 and no unit (their resolution is the printer's); TIFF takes spacing from an OME-XML or an ImageJ description, and has
  /// spacing 1 and no unit without one.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - axes: one letter an axis, in place of what a TIFF file says of its planes, as `tyx`; of other files only their own.
  ///   - spacing: voxel spacing (z, y, x; 2D: y, x) in place of the file's; the unit, if the file has one, stays.
  /// - Throws: `ImageFileError` where the file is missing, is no image, is cut short or contradicts itself, holds voxels of a type that
  ///   is not read, or gives a spacing that is not above zero.
  public static func open(path: String, axes: String? = nil, spacing: [Double]? = nil) throws(ImageFileError) -> StoredImage {
    let image: StoredImage
    switch try format(of: path) {
    case .tiff: image = try openTIFF(path: path, axes: axes, spacing: spacing)
    case .hdf5: image = try openHDF5(path: path, dataset: nil, axes: axes, spacing: spacing)
    case .itk:
      image = try openWithITK(path: path, spacing: spacing)
      let own = image.axes.map(\.name)
      if let axes, letters(axes) != own {
        throw ImageFileError(
          path: path, "has the axes \(own.joined()), and --axes \(axes) names others", hint: "leave --axes out: such files tell their axes")
      }
    }
    for level in image.levels where level.source.extent.lengths.contains(0) {
      throw ImageFileError(
        path: path, "holds no voxels: its extent is \(level.source.extent)", hint: "the file is damaged; copy it again from its source")
    }
    return image
  }

  /// Whether the file begins as, or where its beginning cannot tell is named as, an image that `open` reads.
  public static func isImageFile(_ path: String) -> Bool { (try? format(of: path)) != nil }

  /// The axes that a text names, as `t,c,y,x` or `tcyx`.
  static func letters(_ axes: String) -> [String] { axes.lowercased().filter { $0 != "," && $0 != " " }.map(String.init) }

  /// Replaces or checks a file's spacing: it has to be above zero, or the geometry means nothing.
  static func checkedSpacing(_ stored: [Double], given: [Double]?, path: String) throws(ImageFileError) -> [Double] {
    if let given, given.count != stored.count {
      throw ImageFileError(
        path: path, "has \(stored.count) spatial axes, and the spacing names \(given.count)",
        hint: "give one distance for each axis, as 2,0.5,0.5")
    }
    let spacing = given ?? stored
    guard spacing.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw ImageFileError(
        path: path, "has the spacing \(spacing) (z, y, x), and each has to be above zero",
        hint: "give the right one, as --spacing 2,1,1 (of a pair --fixed-spacing or --moving-spacing)")
    }
    return spacing
  }
}
