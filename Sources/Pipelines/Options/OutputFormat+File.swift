// SPDX-License-Identifier: Apache-2.0

internal import ImageFiles

extension OutputFormat {
  /// The file format; `zarr` has none, and is never asked for one.
  var fileFormat: ImageFileFormat {
    switch self {
    case .zarr, .nifti: .nifti
    case .tiff: .tiff
    case .nrrd: .nrrd
    }
  }
}
