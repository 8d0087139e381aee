// SPDX-License-Identifier: Apache-2.0

internal import Volumes

extension ImageFile {
  static func openTIFF(path: String, spacing: [Double]?) throws(ImageFileError) -> StoredImage {
    throw ImageFileError(path: path, "is a TIFF file")
  }
}
