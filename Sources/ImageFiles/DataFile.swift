// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

/// The file of voxels that belongs to a header: another one, which MetaImage's `.mhd` and NRRD's `.nhdr` name and NIfTI's `.hdr` has beside it,
/// or, of MetaImage's `.mha` and NRRD's `.nrrd`, the rest of the same.
struct DataFile {
  let path: String
  /// Bytes before the voxels where these lie in the same file.
  let headerSize: Int
  private let header: String
  private let text: String

  /// `nil` where voxels lie in many files (`LIST`, or a pattern with `%`), or in one of another kind.
  init?(header: String) {
    self.header = header
    let name = header.lowercased()
    if name.hasSuffix(".hdr") {
      (path, headerSize, text) = (header.dropLast(3) + "img", 0, "")
    } else if [".mhd", ".mha", ".nhdr", ".nrrd"].contains(where: name.hasSuffix) {
      let bytes = (try? ImageFile.beginning(of: header, count: 1 << 16)) ?? []
      // One byte a character, whatever follows the header.
      let beginning = String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
      // A line that names the file ends a header, or an empty one does.
      let pattern = name.hasSuffix(".nrrd") ? #"(?s)^(.*?\r?\n)\r?\n"# : #"(?ims)^(.*?^ElementDataFile[ \t]*=[^\r\n]*\r?\n?)"#
      guard let whole = name.hasSuffix(".nhdr") ? beginning : beginning.firstMatch(pattern) else { return nil }
      text = whole
      let named = whole.firstMatch(#"(?im)^(?:ElementDataFile[ \t]*=|data ?file:)([^\r\n]*)"#)?
        .trimmingCharacters(in: .whitespacesAndNewlines)
      let folder = header.lastIndex(of: "/").map { String(header[...$0]) } ?? ""
      let isLocal = named.map { $0.uppercased() == "LOCAL" } ?? true
      if let named, named.contains("%") || named.uppercased().hasPrefix("LIST") { return nil }
      path = isLocal ? header : named!.hasPrefix("/") ? named! : folder + named!
      // The empty line itself comes on top.
      let size = whole.unicodeScalars.count
      let gap = named == nil ? (bytes.dropFirst(size).first == 13 ? 2 : 1) : 0
      headerSize = isLocal ? size + gap : 0
    } else {
      return nil
    }
  }

  /// - Throws: `ImageFileError` where the file is not there, is none that can be read in any order, or is packed in a way that is not read.
  func check() throws(ImageFileError) {
    do { _ = try ImageFile.beginning(of: path, count: 1) } catch {
      throw ImageFileError(
        path: header, "names a file of voxels that cannot be used: \(error.message)", hint: "let one lie where the header tells")
    }
    let encoding = field("encoding:") ?? ""
    guard !["bzip2", "bz2"].contains(encoding.lowercased()) else {
      throw ImageFileError(
        path: header, "is compressed with \(encoding), and raw and gzip are read", hint: "save it with one of these, as `unu save -e gzip`")
    }
  }

  /// What the header tells behind `name`, a regular expression.
  func field(_ name: String) -> String? {
    text.firstMatch("(?im)^\(name)([^\\r\\n]*)")?.trimmingCharacters(in: .whitespacesAndNewlines)
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
