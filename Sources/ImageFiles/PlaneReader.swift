// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Reads volumes in the order of files, plane after plane, as bytes, lowest first.
struct PlaneReader<Stored: VoxelScalar> {
  /// What a file counts first.
  enum Order {
    /// All planes of a volume, then the next time, then the next channel.
    case channelByChannel
    /// All planes of a volume, then the next channel, then the next time.
    case timeByTime
    /// All channels of a plane, then the next plane, then the next time.
    case planeByPlane
  }

  /// All channels of the first time, then those of the next.
  let volumes: [LazyVolume]
  let times: Int
  let options: ImageFileOptions

  /// Channels of one time.
  var channels: Int { volumes.count / times }
  var extent: Extent { volumes[0].extent }
  var space: PhysicalSpace { volumes[0].space }
  /// Planes of one volume.
  var depth: Int { extent.rank == 3 ? extent[0] : 1 }
  var height: Int { extent[extent.rank - 2] }
  var width: Int { extent[extent.rank - 1] }
  var rowSize: Int { width * MemoryLayout<Stored>.size }
  /// Planes of all volumes.
  var pages: Int { volumes.count * depth }
  var byteCount: Int { volumes.count * extent.count * MemoryLayout<Stored>.size }

  /// Gives `body` the rows of every plane in order: its number plane by plane, the first row, and the rows' bytes. Rows come in multiples
  /// of `rowStep`, but for the last of a plane.
  func forEachRows(_ order: Order, rowStep: Int, _ body: (_ plane: Int, _ row: Int, _ bytes: [UInt8]) throws -> Void) throws {
    // As many planes as memory allows and storage reads at once: then no chunk is read twice.
    let held = order == .planeByPlane ? channels : 1
    let together = max(1, min(thickness, options.memory / max(1, rowSize * height * held)))
    var written = 0
    func emit(_ buffers: [VoxelBuffer<Stored>], _ planes: Range<Int>, _ rows: Range<Int>, _ first: Int) throws {
      for z in planes {
        for (k, buffer) in buffers.enumerated() {
          let (time, channel) = (first + k).quotientAndRemainder(dividingBy: channels)
          let number = (time * depth + z) * channels + channel
          let count = rows.count * width
          let start = (z - planes.lowerBound) * count
          try body(number, rows.lowerBound, Self.bytes(buffer.elements[start..<start + count]))
          if rows.upperBound == height {
            written += 1
            try options.progress(written, pages)
          }
        }
      }
    }
    let groups: [Range<Int>] =
      switch order {
      case .planeByPlane: (0..<times).map { $0 * channels..<($0 + 1) * channels }
      case .timeByTime: volumes.indices.map { $0..<$0 + 1 }
      case .channelByChannel:
        (0..<channels).flatMap { channel in (0..<times).map { $0 * channels + channel..<$0 * channels + channel + 1 } }
      }
    for group in groups {
      for z in stride(from: 0, to: depth, by: together) {
        let planes = z..<min(z + together, depth)
        if rowSize * height * held <= options.memory {
          try emit(try group.map { try read($0, planes, 0..<height) }, planes, 0..<height, group.lowerBound)
        } else {
          // One plane is too much: bands of rows, volume after volume.
          let band = max(1, options.memory / max(1, rowSize) / rowStep) * rowStep
          for volume in group {
            for row in stride(from: 0, to: height, by: band) {
              let rows = row..<min(row + band, height)
              try emit([try read(volume, planes, rows)], planes, rows, volume)
            }
          }
        }
      }
    }
  }

  /// Planes that storage gives at once.
  private var thickness: Int { extent.rank == 3 ? max(1, volumes[0].source.chunk[0]) : 1 }

  private func read(_ volume: Int, _ planes: Range<Int>, _ rows: Range<Int>) throws -> VoxelBuffer<Stored> {
    let front = extent.rank == 3 ? ([planes.lowerBound], [planes.upperBound]) : ([], [])
    let box = Box(lower: front.0 + [rows.lowerBound, 0], upper: front.1 + [rows.upperBound, width])
    return try volumes[volume].source.read(box, as: Stored.self)
  }

  private static func bytes(_ voxels: ArraySlice<Stored>) -> [UInt8] { unsafe voxels.withUnsafeBytes { unsafe [UInt8]($0) } }
}
