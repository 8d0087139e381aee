// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
internal import Grids
internal import Volumes

/// Voxels that lie in a file one after the other, the last axis fastest, and components inside a voxel: where, and how they are stored.
struct VoxelBytes {
  let path: String
  /// Bytes of the file before a compressed stream; `nil` where nothing is compressed.
  var packed: Int?
  /// Bytes before the voxels, in the file or in what the stream unpacks to.
  let offset: Int
  let type: VoxelType
  let isSwapped: Bool
  /// What stored numbers are multiplied with, and what is then added.
  var slope = 1.0
  var intercept = 0.0

  /// What the stream unpacks to.
  ///
  /// - Parameter extent: voxels, and components, along each axis.
  /// - Throws: `ImageFileError` where the stream is damaged or too short, or there is no room for it.
  func unpacked(_ extent: Extent, inMemory: Bool = false) throws(ImageFileError) -> OpenFile {
    try OpenFile(unpacking: path, from: packed ?? 0, byteCount: offset + extent.count * type.size, inMemory: inMemory)
  }

  /// The voxels inside `box` of a file that is not compressed, or of what it was unpacked to.
  ///
  /// - Throws: `ImageFileError` where the file ends inside its voxels.
  func read<Voxel: VoxelScalar>(_ box: Box, of extent: Extent, in file: OpenFile, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    func through<Stored: VoxelScalar>(_ stored: Stored.Type) throws -> VoxelBuffer<Voxel> {
      var voxels = VoxelBuffer<Stored>(unwritten: box.extent)
      try unsafe voxels.elements.withUnsafeMutableBytes { bytes in try unsafe readRows(box, of: extent, in: file, into: bytes) }
      return finished(&voxels)
    }
    return try through(self.type.scalar)
  }

  private func readRows(_ box: Box, of extent: Extent, in file: OpenFile, into target: UnsafeMutableRawBufferPointer) throws {
    // The longest run of the box that lies in the file without gaps: from the first axis that is not whole.
    var inner = extent.rank - 1
    while inner > 0 && box.extent[inner] == extent[inner] { inner -= 1 }
    let run = box.extent.lengths[inner...].reduce(type.size, *)
    let strides = extent.strides
    let start = (inner..<extent.rank).reduce(0) { $0 + box.lower[$1] * strides[$1] }
    var to = 0
    for row in Box(lower: Array(box.lower[..<inner]), upper: Array(box.upper[..<inner])).indices {
      let from = zip(row, strides).reduce(start) { $0 + $1.0 * $1.1 }
      try unsafe file.read(into: UnsafeMutableRawBufferPointer(rebasing: target[to..<to + run]), from: offset + from * type.size)
      to += run
    }
  }

  /// Stored voxels in this machine's byte order, scaled.
  private func finished<Stored: VoxelScalar, Voxel: VoxelScalar>(_ voxels: inout VoxelBuffer<Stored>) -> VoxelBuffer<Voxel> {
    if isSwapped && type.size > 1 {
      var span = voxels.mutableSpan
      var bytes = unsafe span.mutableBytes
      ccodecs_swap_bytes(&bytes, type.size)
    }
    if slope == 1 && intercept == 0 { return voxels.converted(to: Voxel.self) }
    var result = VoxelBuffer<Voxel>(unwritten: voxels.extent)
    for i in voxels.elements.indices { result.elements[i] = Voxel.saturating(real: voxels.elements[i].double * slope + intercept) }
    return result
  }
}
