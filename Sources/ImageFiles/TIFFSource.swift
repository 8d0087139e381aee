// SPDX-License-Identifier: Apache-2.0

internal import CTIFF
internal import Foundation
internal import Grids
internal import Volumes

/// The voxels of a TIFF stack; its axes are the stack's (in page order, slowest first), then y and x, then samples where a pixel has
/// several.
///
/// Only the strips or tiles that meet a box are read.
struct TIFFSource<Stored: VoxelScalar>: VoxelSource {
  let pages: TIFFStack
  /// Lengths of the axes that run over planes.
  let stack: Extent

  var voxelType: VoxelType { Stored.voxelType }
  var extent: Extent { Extent(stack.lengths + [pages.height, pages.width] + sampleAxis) }

  var chunk: Extent {
    Extent(
      [Int](repeating: 1, count: stack.rank) + [min(pages.chunkHeight, pages.height), min(pages.chunkWidth, pages.width)] + sampleAxis)
  }

  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    var result = VoxelBuffer<Stored>(extent: box.extent)
    if box.isEmpty { return VoxelBuffer(extent: box.extent) }
    let samples = sampleAxis.isEmpty ? nil : box[box.rank - 1]
    let region = Box(lower: [box.lower[stack.rank], box.lower[stack.rank + 1]], upper: [box.upper[stack.rank], box.upper[stack.rank + 1]])
    var to = 0
    for index in Box(lower: Array(box.lower[..<stack.rank]), upper: Array(box.upper[..<stack.rank])).indices {
      let number = zip(index, stack.strides).map(*).reduce(0, +)
      let plane = try readPlane(number, region).interleavedPart(region.relative(to: region.lower), channels: samples)
      for value in plane.elements {
        result.elements[to] = value
        to += 1
      }
    }
    return result.converted(to: type)
  }

  private var sampleAxis: [Int] { pages.samples > 1 ? [pages.samples] : [] }

  /// All samples of the pixels in `region` (y, x) of a plane.
  private func readPlane(_ number: Int, _ region: Box) throws -> VoxelBuffer<Stored> {
    var pixels = VoxelBuffer<Stored>(extent: Extent(region.extent.lengths + sampleAxis))
    let plane = pages.planes[number]
    if let start = plane.plainData {
      try readPlain(&pixels, of: plane.file, from: start, region)
      return pixels
    }
    let status = unsafe pixels.elements.withUnsafeMutableBytes { bytes in
      unsafe ctiff_page_read(
        plane.file, plane.directory, UInt32(region.lower[0]), UInt32(region.upper[0]), UInt32(region.lower[1]), UInt32(region.upper[1]),
        bytes.baseAddress!, bytes.count)
    }
    guard status.isSuccess else {
      throw ImageFileError(
        path: plane.file, "cannot be read at plane \(number): \(status.text)", hint: "the file may be cut short or damaged")
    }
    return pixels
  }

  /// Rows of a plane whose voxels lie in the file as they are.
  private func readPlain(_ pixels: inout VoxelBuffer<Stored>, of path: String, from start: UInt64, _ region: Box) throws {
    let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? handle.close() }
    let pixelSize = pages.samples * Stored.voxelType.size
    let rowSize = region.extent[1] * pixelSize
    for row in 0..<region.extent[0] {
      try handle.seek(toOffset: start + UInt64(((region.lower[0] + row) * pages.width + region.lower[1]) * pixelSize))
      guard let data = try handle.read(upToCount: rowSize), data.count == rowSize else {
        throw ImageFileError(path: path, "ends inside its voxels", hint: "the file is cut short")
      }
      unsafe pixels.elements.withUnsafeMutableBytes { bytes in
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[row * rowSize..<(row + 1) * rowSize])
        unsafe target.copyBytes(from: data)
        if pages.isSwapped { unsafe Self.swapBytes(target) }
      }
    }
  }

  private static func swapBytes(_ bytes: UnsafeMutableRawBufferPointer) {
    let size = Stored.voxelType.size
    for start in stride(from: 0, to: bytes.count, by: size) {
      for i in 0..<size / 2 { unsafe bytes.swapAt(start + i, start + size - 1 - i) }
    }
  }
}
