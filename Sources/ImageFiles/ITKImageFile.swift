// SPDX-License-Identifier: Apache-2.0

internal import CITK
internal import Foundation
internal import Grids
internal import Volumes

/// The header of a file that ITK reads, with every axis it lists (slowest first).
struct ITKImageFile: Sendable {
  /// The formats; raw values are their names.
  enum Format: String {
    case nifti = "NIfTI"
    case nrrd = "NRRD"
    case metaImage = "MetaImage"
    case png = "PNG"
    case jpeg = "JPEG"
  }

  var path: String
  var format: Format
  var voxelType: VoxelType
  /// Whether components are red, green and blue.
  var isColour: Bool
  var extent: [Int]
  var components: Int
  var spacing: [Double]
  var origin: [Double]
  var direction: [[Double]]
  var canStream: Bool
  /// What has to be looked at before a compressed NIfTI file is trusted.
  var nifti: NIfTICheck?
  /// Where the voxels lie, if that is known: then parts of them are read without ITK.
  var voxels: VoxelBytes?

  init(path: String) throws(ImageFileError) {
    nifti = try Self.isNIfTI(path) ? NIfTICheck(path: path) : nil
    var geometry = [Double](repeating: 0, count: Int(CITK_GEOMETRY_COUNT))
    var geometrySpan = geometry.mutableSpan
    let header = unsafe citk_image_file_header(path, &geometrySpan)
    guard header.status.isSuccess else {
      let isTurned = header.status.text.contains("orthonormal")
      throw ImageFileError(
        path: path, "cannot be read: \(header.status.text)",
        hint: isTurned
          ? "its direction (sform and qform) is no rotation to the precision of ITK 5.2; a huge origin does that too: write it with a smaller one"
          : "the file may be cut short or damaged")
    }
    guard let type = Self.voxelType(header.componentType), header.pixelKind != CITKPixelKindOther else {
      throw ImageFileError(
        path: path, "holds voxels of a type that is not read (complex, or unknown)",
        hint: "convert it to integers of 8 to 64 bits, or to real numbers of 32 or 64")
    }
    let rank = header.rank
    self.path = path
    format = Self.format(header.format)
    voxelType = type
    isColour = (header.components == 3 || header.components == 4) && header.pixelKind == CITKPixelKindColour
    extent = geometry[..<rank].map { Int($0) }
    components = header.components
    spacing = Array(geometry[rank..<2 * rank])
    origin = Array(geometry[2 * rank..<3 * rank])
    direction = (0..<rank).map { row in Array(geometry[(3 + row) * rank..<(4 + row) * rank]) }
    canStream = header.canStream && !Self.isCompressed(path)
    try checkSize()
    voxels = VoxelBytes(of: self)
    if format == .nrrd, let voxels { canStream = voxels.packed == nil }
  }

  /// Pictures know no physical space: what they say of resolution is meant for printers.
  var isPicture: Bool { format == .png || format == .jpeg }

  /// A header that promises more voxels than its file can hold is refused before memory is taken for them.
  private func checkSize() throws(ImageFileError) {
    let lengths = extent + [components]
    guard lengths.allSatisfy({ $0 >= 1 }), let bytes = (lengths + [voxelType.size]).product else {
      throw ImageFileError(
        path: path, "claims the extent \(Extent(extent.map { max($0, 0) }))", hint: "the file is damaged; copy it again from its source")
    }
    // No deflate stream expands more than 1032-fold; voxels of a detached header lie in files beside it.
    let isDetached = [".mhd", ".nhdr", ".hdr", ".img"].contains { path.lowercased().hasSuffix($0) }
    let stored = isDetached ? Self.folderSize(of: path) : ImageFile.size(of: path)
    guard bytes / 1100 <= stored else {
      throw ImageFileError(
        path: path, "claims \(bytes) bytes of voxels (\(Extent(extent))), which its \(stored) bytes cannot hold",
        hint: "the file is cut short or damaged")
    }
  }

  private static func folderSize(of path: String) -> Int {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.reduce(0) { $0 + ImageFile.size(of: folder.appendingPathComponent($1).path) }
  }

  private static func isNIfTI(_ path: String) -> Bool { [".nii", ".nii.gz"].contains { path.lowercased().hasSuffix($0) } }

  /// Reading part of a compressed file means to decompress all before it.
  private static func isCompressed(_ path: String) -> Bool {
    guard let head = try? ImageFile.beginning(of: path, count: 4096) else { return false }
    return head.starts(with: [0x1F, 0x8B]) || path.lowercased().hasSuffix(".gz")
      || String(decoding: head, as: UTF8.self).range(of: #"CompressedData\s*=\s*[Tt1]"#, options: .regularExpression) != nil
  }

  private static func format(_ format: CITKImageFormat) -> Format {
    switch format {
    case CITKImageFormatNIfTI: .nifti
    case CITKImageFormatNRRD: .nrrd
    case CITKImageFormatMetaImage: .metaImage
    case CITKImageFormatPNG: .png
    default: .jpeg
    }
  }

  private static func voxelType(_ type: CITKComponentType) -> VoxelType? {
    switch type {
    case CITKComponentTypeUInt8: .uint8
    case CITKComponentTypeInt8: .int8
    case CITKComponentTypeUInt16: .uint16
    case CITKComponentTypeInt16: .int16
    case CITKComponentTypeUInt32: .uint32
    case CITKComponentTypeInt32: .int32
    case CITKComponentTypeUInt64: .uint64
    case CITKComponentTypeInt64: .int64
    case CITKComponentTypeFloat32: .float32
    case CITKComponentTypeFloat64: .float64
    default: nil
    }
  }
}
