// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Volumes

/// The header of a NIfTI-1 file, 348 bytes and four of no extension.
///
/// See <https://nifti.nimh.nih.gov/nifti-1/documentation/nifti1fields>. World coordinates are right-anterior-superior there, LPS here.
package struct NIfTIHeader {
  /// The header as it lies in the file.
  package let bytes: [UInt8]

  /// A header for an image whose times, if there are several, are its fourth axis, and whose components its fifth (a vector each).
  ///
  /// - Throws: `ImageFileError` where an axis is longer than NIfTI-1 can say.
  package init(extent: Extent, space: PhysicalSpace, voxelType: VoxelType, times: Int = 1, components: Int, path: String)
    throws(ImageFileError)
  {
    guard extent.lengths.allSatisfy({ $0 <= 32767 }), times <= 32767, components <= 32767 else {
      throw ImageFileError(
        path: path, "cannot be written: NIfTI-1 has at most 32767 voxels along an axis, and the volume has \(extent)",
        hint: "write OME-Zarr, NRRD or TIFF")
    }
    let space = space.converted(to: .millimeter)
    let lengths = Array(extent.lengths.reversed())
    let padded = lengths + [Int](repeating: 1, count: 3 - lengths.count) + [times]
    let shape = components > 1 ? padded + [components] : times > 1 ? padded : lengths
    let affine = Self.affine(space)
    let quaternion = Self.quaternion(affine.rotation)
    let pixdim = [quaternion.handedness] + affine.spacing + [Double](repeating: 1, count: 4)
    let (type, isVector) = (Self.code(voxelType), components > 1)
    var writer = LittleEndianWriter()
    writer.put(Int32(348))
    writer.zeros(36)
    for i in 0..<8 { writer.put(Int16(i == 0 ? shape.count : i <= shape.count ? shape[i - 1] : 1)) }
    writer.zeros(12)
    writer.put(Int16(isVector ? 1007 : 0))  // NIFTI_INTENT_VECTOR
    writer.put(Int16(type))
    writer.put(Int16(voxelType.size * 8))
    writer.put(Int16(0))
    for value in pixdim { writer.put(Float(value)) }
    writer.put(Float(352))  // vox_offset
    writer.put(Float(1))  // scl_slope
    writer.zeros(7)
    writer.put(UInt8(space.unit == .millimeter ? 2 : 0))  // xyzt_units
    writer.zeros(252 - 124)
    writer.put(Int16(1))  // qform_code, as ITK writes it
    writer.put(Int16(1))  // sform_code
    for value in quaternion.imaginary + affine.origin { writer.put(Float(value)) }
    for row in 0..<3 {
      for axis in 0..<3 { writer.put(Float(affine.rotation[row][axis] * affine.spacing[axis])) }
      writer.put(Float(affine.origin[row]))
    }
    writer.zeros(16)
    writer.bytes += Array("n+1\0".utf8)
    writer.zeros(4)
    bytes = writer.bytes
  }

  /// Spacing (x, y, z), origin and rotation (rows x, y, z) in RAS; a 2D image lies in the plane z = 0.
  private static func affine(_ space: PhysicalSpace) -> (spacing: [Double], origin: [Double], rotation: [[Double]]) {
    let rank = space.rank
    var spacing = [1.0, 1, 1]
    var origin = [0.0, 0, 0]
    var rotation = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
    let toRAS = [-1.0, -1, 1]
    for world in 0..<3 {
      for axis in 0..<3 {
        if world < rank && axis < rank { rotation[world][axis] = space.direction[rank - 1 - world][rank - 1 - axis] }
        rotation[world][axis] *= toRAS[world]
        // No negative zeros.
        if rotation[world][axis] == 0 { rotation[world][axis] = 0 }
      }
    }
    for axis in 0..<rank {
      spacing[axis] = space.spacing[rank - 1 - axis]
      origin[axis] = space.origin[rank - 1 - axis] * toRAS[axis]
      if origin[axis] == 0 { origin[axis] = 0 }
    }
    return (spacing, origin, rotation)
  }

  /// The unit quaternion (b, c, d; a follows and is not negative) of a rotation whose third column is turned where the handedness is −1.
  private static func quaternion(_ matrix: [[Double]]) -> (imaginary: [Double], handedness: Double) {
    var r = matrix
    let determinant =
      r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) - r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0])
      + r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0])
    let handedness: Double = determinant < 0 ? -1 : 1
    for row in 0..<3 { r[row][2] *= handedness }
    // The largest of the four components first, so that no square root loses its digits.
    let squares = [
      1 + r[0][0] + r[1][1] + r[2][2], 1 + r[0][0] - r[1][1] - r[2][2], 1 - r[0][0] + r[1][1] - r[2][2],
      1 - r[0][0] - r[1][1] + r[2][2],
    ]
    let largest = squares.indices.max { squares[$0] < squares[$1] }!
    let four = 2 * squares[largest].squareRoot()
    var (a, b, c, d) = (0.0, 0.0, 0.0, 0.0)
    switch largest {
    case 0: (a, b, c, d) = (four / 4, (r[2][1] - r[1][2]) / four, (r[0][2] - r[2][0]) / four, (r[1][0] - r[0][1]) / four)
    case 1: (a, b, c, d) = ((r[2][1] - r[1][2]) / four, four / 4, (r[0][1] + r[1][0]) / four, (r[0][2] + r[2][0]) / four)
    case 2: (a, b, c, d) = ((r[0][2] - r[2][0]) / four, (r[0][1] + r[1][0]) / four, four / 4, (r[1][2] + r[2][1]) / four)
    default: (a, b, c, d) = ((r[1][0] - r[0][1]) / four, (r[0][2] + r[2][0]) / four, (r[1][2] + r[2][1]) / four, four / 4)
    }
    let sign: Double = a < 0 ? -1 : 1
    return ([b * sign, c * sign, d * sign].map { $0 == 0 ? 0 : $0 }, handedness)
  }

  private static func code(_ type: VoxelType) -> Int {
    switch type {
    case .uint8: 2
    case .int16: 4
    case .int32: 8
    case .float32: 16
    case .float64: 64
    case .int8: 256
    case .uint16: 512
    case .uint32: 768
    case .int64: 1024
    case .uint64: 1280
    }
  }
}

/// Numbers as bytes, lowest first.
struct LittleEndianWriter {
  var bytes: [UInt8] = []

  mutating func put<Number: FixedWidthInteger>(_ value: Number) { bytes += value.littleEndianBytes }
  mutating func put(_ value: Float) { bytes += value.bitPattern.littleEndianBytes }
  mutating func zeros(_ count: Int) { bytes += [UInt8](repeating: 0, count: count) }
}
