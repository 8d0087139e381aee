// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
internal import Grids

/// What ITK's reader takes on trust: that a NIfTI-1 header makes sense, and that the file holds the voxels it promises.
struct NIfTICheck {
  let path: String
  /// Bytes of header and voxels.
  let byteCount: Int
  /// Where the voxels begin.
  let voxelOffset: Int
  let isSwapped: Bool
  /// The code of how voxels are stored.
  let type: Int
  let isCompressed: Bool
  /// What stored numbers are multiplied with, and what is then added.
  let slope: Double
  let intercept: Double

  /// Whether stored numbers are not the voxels' values.
  var isScaled: Bool { slope != 1 || intercept != 0 }

  /// Whether voxels are stored as real numbers of 32 or 64 bits.
  var holdsReals: Bool { type == 16 || type == 64 }

  /// Checks the header of a `.nii` or `.nii.gz` file.
  ///
  /// - Throws: `ImageFileError` where the header contradicts itself, or an uncompressed file is shorter than it says.
  init(path: String) throws(ImageFileError) {
    var header = [UInt8](repeating: 0, count: 348)
    var span = header.mutableSpan
    let count = unsafe ccodecs_gzip_file_beginning(path, &span)
    guard count == 348 else { throw ImageFileError(path: path, "ends inside its NIfTI header", hint: "the file is cut short or damaged") }
    guard Array(header[344..<348]) == Array("n+1\0".utf8) else {
      let isSecond = Array(header[4..<7]) == Array("n+2".utf8)
      throw ImageFileError(
        path: path, isSecond ? "is a NIfTI-2 file, and NIfTI-1 is read" : "has no NIfTI-1 signature",
        hint: isSecond ? "convert it to NIfTI-1, NRRD or OME-Zarr" : "the file may be damaged")
    }
    isSwapped = header[0...3] != [0x5C, 1, 0, 0]
    let isSwapped = isSwapped
    func number(_ place: Int, _ size: Int) -> UInt32 {
      (0..<size).reduce(0) { $0 | UInt32(header[place + (isSwapped ? size - 1 - $1 : $1)]) << UInt32(8 * $1) }
    }
    let dimensions = (0..<8).map { Int(Int16(truncatingIfNeeded: number(40 + 2 * $0, 2))) }
    let type = Int(number(70, 2))
    let bits = Self.bits[type]
    guard (1...7).contains(dimensions[0]), dimensions[1...dimensions[0]].allSatisfy({ $0 > 0 }) else {
      throw ImageFileError(
        path: path, "has a damaged NIfTI header: its dimensions are \(dimensions)", hint: "copy the file again from its source")
    }
    guard let bits else {
      throw ImageFileError(
        path: path, "has the NIfTI data type \(type), which is not read", hint: "save it with whole or real numbers of 8 to 64 bits")
    }
    let offset = Float(bitPattern: number(108, 4))
    guard offset.isFinite, offset >= 0, offset < 1e9 else {
      throw ImageFileError(
        path: path, "has a damaged NIfTI header: its voxels begin at byte \(offset)", hint: "copy the file again from its source")
    }
    // 7 × 15 bits and the bits of a voxel may be more than a word holds.
    guard let size = (dimensions[1...dimensions[0]] + [bits / 8]).product else {
      throw ImageFileError(
        path: path, "has a damaged NIfTI header: its dimensions are \(dimensions)", hint: "copy the file again from its source")
    }
    self.path = path
    self.type = type
    voxelOffset = max(Int(offset), 348)
    byteCount = max(Int(offset), 352) + size
    // A slope of zero, or one that is no number, counts as one, as in ITK.
    let scale = Double(Float(bitPattern: number(112, 4)))
    let shift = Double(Float(bitPattern: number(116, 4)))
    slope = scale.isFinite && abs(scale) > Double.ulpOfOne ? scale : 1
    intercept = shift.isFinite ? shift : 0
    isCompressed = Self.isCompressed(path)
    let stored = ImageFile.size(of: path)
    if isCompressed {
      // What deflate can hold at most.
      guard byteCount / 1100 <= stored else { throw cutShort(stored) }
    } else if stored < byteCount {
      throw cutShort(stored)
    }
  }

  /// Decompresses all of a compressed file: neither ITK nor the NIfTI library tells where one is cut short or damaged.
  func checkContent() throws(ImageFileError) {
    if isCompressed { try OpenFile.check(unpacking: path, from: 0, byteCount: byteCount) }
  }

  private func cutShort(_ count: Int) -> ImageFileError {
    ImageFileError(
      path: path, "holds fewer bytes than its header says: \(count) of \(byteCount)", hint: "the file is cut short or damaged")
  }

  private static func isCompressed(_ path: String) -> Bool {
    (try? ImageFile.beginning(of: path, count: 2)) == [0x1F, 0x8B]
  }

  /// Bits a voxel of the data types that are read: integers, reals, complex numbers, RGB and RGBA.
  private static let bits = [
    2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32, 1024: 64, 1280: 64, 1792: 128, 2304: 32,
  ]
}
