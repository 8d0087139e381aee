// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Volumes

extension VoxelBytes {
  /// Where the voxels of a file that ITK reads lie, as far as they lie there as `VoxelBytes` has it; else `nil`.
  init?(of file: ITKImageFile) {
    switch file.format {
    case .nifti:
      guard let nifti = file.nifti, file.components == 1, let type = nifti.voxelType else { return nil }
      self.init(
        path: file.path, packed: nifti.isCompressed ? 0 : nil, offset: nifti.voxelOffset, type: type, isSwapped: nifti.isSwapped,
        slope: nifti.slope, intercept: nifti.intercept)
    case .metaImage: self.init(metaImage: file)
    case .nrrd: self.init(nrrd: file)
    case .png, .jpeg: return nil
    }
  }

  /// See <https://itk.org/Wiki/ITK/MetaIO/Documentation>: components lie inside a voxel, what is compressed is a zlib stream.
  private init?(metaImage file: ITKImageFile) {
    guard let data = DataFile(header: file.path) else { return nil }
    /// As MetaIO takes it.
    func isTrue(_ name: String) -> Bool? {
      data.field("\(name)[ \\t]*=").map { value in ["t", "1"].contains { value.lowercased().hasPrefix($0) } }
    }
    guard data.field("HeaderSize[ \\t]*=").map({ $0 == "0" }) ?? true, isTrue("BinaryData") ?? true else { return nil }
    self.init(
      data, file, isPacked: isTrue("CompressedData") ?? false,
      isBigEndian: isTrue("BinaryDataByteOrderMSB") ?? isTrue("ElementByteOrderMSB") ?? false)
  }

  /// See <https://teem.sourceforge.net/nrrd/format.html>.
  private init?(nrrd file: ITKImageFile) {
    guard let data = DataFile(header: file.path), file.components == 1, let encoding = data.field("encoding:")?.lowercased(),
      ["raw", "gz", "gzip"].contains(encoding), ["line ?skip:", "byte ?skip:"].allSatisfy({ data.field($0).map { $0 == "0" } ?? true })
    else { return nil }
    self.init(data, file, isPacked: encoding != "raw", isBigEndian: data.field("endian:")?.lowercased() == "big")
  }

  private init(_ data: DataFile, _ file: ITKImageFile, isPacked: Bool, isBigEndian: Bool) {
    // Bytes before the voxels lie before the stream where there is one.
    self.init(
      path: data.path, packed: isPacked ? data.headerSize : nil, offset: isPacked ? 0 : data.headerSize, type: file.voxelType,
      isSwapped: isBigEndian)
  }
}

extension NIfTICheck {
  /// How voxels are stored, where they are one number each.
  fileprivate var voxelType: VoxelType? {
    switch type {
    case 2: .uint8
    case 4: .int16
    case 8: .int32
    case 16: .float32
    case 64: .float64
    case 256: .int8
    case 512: .uint16
    case 768: .uint32
    case 1024: .int64
    case 1280: .uint64
    default: nil
    }
  }
}
