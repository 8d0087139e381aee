// SPDX-License-Identifier: Apache-2.0

extension ImageFile {
  /// Writes a small file that appears under its name when it is complete.
  ///
  /// - Throws: where it cannot be written.
  package static func writeWhole(_ bytes: [UInt8], to path: String) throws(ImageFileError) {
    var file = try AtomicFile(path: path)
    try file.append(bytes)
    try file.commit()
  }
}

extension ImageFile {
  /// The first bytes of a file, fewer where it is shorter.
  ///
  /// - Throws: where it is missing, a folder, or cannot be read.
  package static func firstBytes(of path: String, count: Int) throws(ImageFileError) -> [UInt8] { try beginning(of: path, count: count) }

  /// Whether a file begins as an image does, other than one in HDF5.
  package static func isImage(_ path: String) -> Bool { (try? format(of: path)).map { $0 != .hdf5 } ?? false }
}
