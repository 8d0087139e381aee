// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Reads volumes in the order of files, plane after plane, as bytes, lowest first.
struct PlaneReader<Stored: VoxelScalar> {
  /// Which of channel and plane a file counts first.
  enum Order {
    /// All planes of a channel, then the next channel.
    case channelByChannel
    /// All channels of a plane, then the next plane.
    case planeByPlane
  }

  let channels: [LazyVolume]
  let options: ImageFileOptions

  var extent: Extent { channels[0].extent }
  var space: PhysicalSpace { channels[0].space }
  /// Planes of one channel.
  var depth: Int { extent.rank == 3 ? extent[0] : 1 }
  var height: Int { extent[extent.rank - 2] }
  var width: Int { extent[extent.rank - 1] }
  var rowSize: Int { width * MemoryLayout<Stored>.size }
  var byteCount: Int { channels.count * extent.count * MemoryLayout<Stored>.size }

  /// Gives `body` the rows of every plane in order: its number in the file, the first row, and the rows' bytes. Rows come in multiples of
  /// `rowStep`, but for the last of a plane.
  func forEachRows(_ order: Order, rowStep: Int, _ body: (_ plane: Int, _ row: Int, _ bytes: [UInt8]) throws -> Void) throws {
    let total = channels.count * depth
    // As many planes as memory allows and storage reads at once: then no chunk is read twice.
    let held = order == .planeByPlane ? channels.count : 1
    let together = max(1, min(thickness, options.memory / max(1, rowSize * height * held)))
    var written = 0
    func emit(_ buffers: [VoxelBuffer<Stored>], _ planes: Range<Int>, _ rows: Range<Int>, _ first: Int) throws {
      for z in planes {
        for (k, buffer) in buffers.enumerated() {
          let channel = first + k
          let number = order == .planeByPlane ? z * channels.count + channel : channel * depth + z
          let count = rows.count * width
          let start = (z - planes.lowerBound) * count
          try body(number, rows.lowerBound, Self.bytes(buffer.elements[start..<start + count]))
          if rows.upperBound == height {
            written += 1
            try options.progress(written, total)
          }
        }
      }
    }
    let groups = order == .planeByPlane ? [0..<channels.count] : channels.indices.map { $0..<$0 + 1 }
    for group in groups {
      for z in stride(from: 0, to: depth, by: together) {
        let planes = z..<min(z + together, depth)
        if rowSize * height * held <= options.memory {
          try emit(try group.map { try read($0, planes, 0..<height) }, planes, 0..<height, group.lowerBound)
        } else {
          // One plane is too much: bands of rows, channel after channel.
          let band = max(1, options.memory / max(1, rowSize) / rowStep) * rowStep
          for channel in group {
            for row in stride(from: 0, to: height, by: band) {
              let rows = row..<min(row + band, height)
              try emit([try read(channel, planes, rows)], planes, rows, channel)
            }
          }
        }
      }
    }
  }

  /// Planes that storage gives at once.
  private var thickness: Int { extent.rank == 3 ? max(1, channels[0].source.chunk[0]) : 1 }

  private func read(_ channel: Int, _ planes: Range<Int>, _ rows: Range<Int>) throws -> VoxelBuffer<Stored> {
    let front = extent.rank == 3 ? ([planes.lowerBound], [planes.upperBound]) : ([], [])
    let box = Box(lower: front.0 + [rows.lowerBound, 0], upper: front.1 + [rows.upperBound, width])
    return try channels[channel].source.read(box, as: Stored.self)
  }

  private static func bytes(_ voxels: ArraySlice<Stored>) -> [UInt8] { unsafe voxels.withUnsafeBytes { unsafe [UInt8]($0) } }
}
