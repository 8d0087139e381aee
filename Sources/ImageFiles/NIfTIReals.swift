// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
internal import Foundation
internal import Grids
internal import Volumes

/// Real voxels of a NIfTI-1 file, NaN and infinities as they are stored, scaled by the file's slope and intercept.
struct NIfTIReals<Stored: VoxelScalar> {
  let file: NIfTICheck
  /// Voxels along each axis, slowest first.
  let extent: Extent

  /// The voxels inside `box`: rows alone of a plain file, cut from the whole of a compressed one.
  ///
  /// - Throws: `ImageFileError` where the file ends inside its voxels.
  func read(_ box: Box) throws -> VoxelBuffer<Stored> {
    var voxels = VoxelBuffer<Stored>(extent: box.extent)
    if file.isCompressed {
      voxels = try readWhole().cropped(to: box)
    } else {
      try readRows(&voxels, box)
    }
    scale(&voxels)
    return voxels
  }

  private var size: Int { Stored.voxelType.size }

  private func readRows(_ voxels: inout VoxelBuffer<Stored>, _ box: Box) throws {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file.path))
    defer { try? handle.close() }
    // The longest run of the box that lies in the file without gaps: from the first axis that is not whole.
    var inner = extent.rank - 1
    while inner > 0 && box.extent[inner] == extent[inner] { inner -= 1 }
    let run = box.extent.lengths[inner...].reduce(size, *)
    let strides = extent.strides
    let start = (inner..<extent.rank).reduce(0) { $0 + box.lower[$1] * strides[$1] }
    var to = 0
    for row in Box(lower: Array(box.lower[..<inner]), upper: Array(box.upper[..<inner])).indices {
      let from = zip(row, strides).reduce(start) { $0 + $1.0 * $1.1 }
      try handle.seek(toOffset: UInt64(file.voxelOffset + from * size))
      guard let data = try handle.read(upToCount: run), data.count == run else { throw cutShort }
      fill(&voxels, at: to, with: data)
      to += run
    }
  }

  private func readWhole() throws -> VoxelBuffer<Stored> {
    var bytes = [UInt8](repeating: 0, count: file.voxelOffset + extent.count * size)
    var span = bytes.mutableSpan
    guard unsafe ccodecs_gzip_file_beginning(file.path, &span) == Int64(bytes.count) else { throw cutShort }
    var voxels = VoxelBuffer<Stored>(extent: extent)
    fill(&voxels, at: 0, with: bytes[file.voxelOffset...])
    return voxels
  }

  /// Copies stored bytes to the voxels' bytes from `position` on, in this machine's byte order.
  private func fill(_ voxels: inout VoxelBuffer<Stored>, at position: Int, with stored: some Collection<UInt8>) {
    let size = size
    unsafe voxels.elements.withUnsafeMutableBytes { bytes in
      let target = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[position..<position + stored.count])
      unsafe target.copyBytes(from: stored)
      guard file.isSwapped else { return }
      for start in stride(from: 0, to: target.count, by: size) {
        for i in 0..<size / 2 { unsafe target.swapAt(start + i, start + size - 1 - i) }
      }
    }
  }

  private func scale(_ voxels: inout VoxelBuffer<Stored>) {
    guard file.slope != 1 || file.intercept != 0 else { return }
    for i in voxels.elements.indices {
      voxels.elements[i] = Stored.saturating(real: voxels.elements[i].double * file.slope + file.intercept)
    }
  }

  private var cutShort: ImageFileError {
    ImageFileError(path: file.path, "ends inside its voxels", hint: "the file is cut short or damaged")
  }
}
