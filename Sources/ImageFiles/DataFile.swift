// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// The file of voxels that belongs to a header: another one, which MetaImage's `.mhd` and NRRD's `.nhdr` name and NIfTI's `.hdr` has beside it,
/// or, of MetaImage's `.mha`, the rest of the same.
struct DataFile {
  let path: String
  /// The header, and its bytes before the voxels where these lie in the same file.
  private let header: String
  private let headerSize: Int

  /// `nil` where voxels lie in many files, or in one of another kind.
  init?(header: String) {
    self.header = header
    let name = header.lowercased()
    if name.hasSuffix(".hdr") {
      (path, headerSize) = (header.dropLast(3) + "img", 0)
    } else if [".mhd", ".mha", ".nhdr"].contains(where: name.hasSuffix) {
      let bytes = (try? ImageFile.beginning(of: header, count: 1 << 16)) ?? []
      // One byte a character, whatever follows the header.
      let text = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      guard let line = text.firstMatch(#"(?im)^((?:ElementDataFile *=|data ?file:)[^\r\n]*\r?\n?)"#) else { return nil }
      let found = (line.firstMatch(#"[=:] *(.*)"#) ?? "").trimmingCharacters(in: .whitespacesAndNewlines)
      let folder = header.lastIndex(of: "/").map { String(header[...$0]) } ?? ""
      let isLocal = found.uppercased() == "LOCAL"
      path = isLocal ? header : found.hasPrefix("/") ? found : folder + found
      headerSize = isLocal ? text.range(of: line).map { text.unicodeScalars.distance(from: text.startIndex, to: $0.upperBound) } ?? 0 : 0
    } else {
      return nil
    }
    guard FileManager.default.fileExists(atPath: path) else { return nil }
  }

  /// ITK takes what is missing at the end of a MetaImage for zeros.
  ///
  /// - Throws: `ImageFileError` where there are fewer bytes than the header tells of.
  func check(holds file: ITKImageFile) throws(ImageFileError) {
    let found = ImageFile.size(of: path) - headerSize
    let needed = (file.extent + [file.components, file.voxelType.size]).product
    guard let needed, needed <= found else {
      throw ImageFileError(
        path: path,
        "has \(found) bytes of voxels, and \(needed.map(String.init) ?? "far more") are needed for \(Extent(file.extent)) of them",
        hint: "the file is cut short, or the header \(header) tells of another one")
    }
  }
}
