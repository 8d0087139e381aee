// SPDX-License-Identifier: Apache-2.0

internal import Foundation

extension ImageFile {
  /// Which library reads a file.
  enum Reader {
    case tiff, itk, hdf5
  }

  /// Whether a file begins as a TIFF does.
  static func isTIFF(_ path: String) throws(ImageFileError) -> Bool {
    let head = try beginning(of: path, count: 4)
    return tiffSignatures.contains(where: head.starts(with:))
  }

  /// The reader of a file, by its first bytes; by its name where they cannot tell (MetaImage and Analyze have no signature).
  static func format(of path: String) throws(ImageFileError) -> Reader {
    let head = try beginning(of: path, count: 352)
    if head.isEmpty {
      throw ImageFileError(
        path: path, "is empty: it holds no bytes", hint: "the file was not written to its end; copy it again from its source")
    }
    let name = path.lowercased()
    if tiffSignatures.contains(where: head.starts(with:)) { return .tiff }
    if itkSignatures.contains(where: head.starts(with:)) { return .itk }
    if head.starts(with: hdf5Signature) { return .hdf5 }
    if head.starts(with: [0x1F, 0x8B]) && (name.hasSuffix(".nii.gz") || name.hasSuffix(".hdr.gz") || name.hasSuffix(".img.gz")) {
      return .itk
    }
    // A NIfTI header begins with its own size and has its signature at its end.
    if head.count >= 348, [Array("n+1\0".utf8), Array("ni1\0".utf8)].contains(Array(head[344..<348])) { return .itk }
    if [".mha", ".mhd"].contains(where: name.hasSuffix) && String(decoding: head, as: UTF8.self).contains("NDims") { return .itk }
    throw ImageFileError(
      path: path, "is not an image: it begins neither as TIFF, HDF5, NIfTI, NRRD, MetaImage, PNG nor JPEG",
      hint: "a file cut short while it was copied looks like this, too; an OME-Zarr image is a folder")
  }

  /// The first bytes of a file, fewer where it is shorter.
  static func beginning(of path: String, count: Int) throws(ImageFileError) -> [UInt8] {
    guard FileManager.default.fileExists(atPath: path) else {
      throw ImageFileError(path: path, "does not exist", hint: "check the path")
    }
    let kind = try? URL(fileURLWithPath: path).resolvingSymlinksInPath().resourceValues(forKeys: [.isDirectoryKey, .isRegularFileKey])
    if kind?.isDirectory == true {
      throw ImageFileError(path: path, "is a folder, and no image file", hint: "name an image file, or a folder that is a Zarr image")
    }
    // Opening a pipe waits for who writes into it.
    if kind?.isRegularFile == false {
      throw ImageFileError(
        path: path, "is a pipe or a device, and images are read from files in any order", hint: "save the image in a file first")
    }
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
      defer { try? handle.close() }
      return [UInt8](try handle.read(upToCount: count) ?? Data())
    } catch {
      throw ImageFileError(path: path, "cannot be read: \(error.localizedDescription)", hint: "check its permissions")
    }
  }

  /// Bytes in a file, or in the one that a link leads to; 0 where that is unknown.
  static func size(of path: String) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    return (attributes?[.size] as? NSNumber)?.intValue ?? 0
  }

  private static let tiffSignatures: [[UInt8]] = [
    [0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43],
  ]

  private static let hdf5Signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  private static let itkSignatures: [[UInt8]] = [
    [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], [0xFF, 0xD8, 0xFF], Array("NRRD0".utf8),
  ]
}
