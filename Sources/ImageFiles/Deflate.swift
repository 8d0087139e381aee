// SPDX-License-Identifier: Apache-2.0

internal import CCodecs

/// Deflate streams: whole ones, and ones (RFC 1951) made of pieces that know nothing of each other.
enum Deflate {
  /// Compresses a piece; the last one ends the stream.
  static func piece(_ bytes: [UInt8], isLast: Bool, level: Int) -> [UInt8] {
    var target = [UInt8](repeating: 0, count: ccodecs_deflate_bound(bytes.count))
    var span = target.mutableSpan
    let count = ccodecs_deflate_piece(bytes.span, isLast, Int32(level), &span)
    precondition(count > 0, "deflate fails only where its target is too small")
    return Array(target[..<count])
  }

  /// A whole zlib stream (RFC 1950).
  static func zlibStream(_ bytes: [UInt8], level: Int) -> [UInt8] {
    var target = [UInt8](repeating: 0, count: ccodecs_zlib_bound(bytes.count))
    let capacity = target.count
    let count = unsafe ccodecs_zlib_encode(bytes, bytes.count, &target, capacity, Int32(level), 0)
    precondition(count > 0, "deflate fails only where its target is too small")
    return Array(target[..<Int(count)])
  }
}

/// Bytes as the voxels of a gzip file (RFC 1952), without a name or a time: the same bytes give the same file.
struct GzipStream {
  /// Bytes compressed at a time, whatever pieces they come in.
  static let pieceSize = 1 << 20

  let level: Int
  private var waiting: [UInt8] = []
  private var checksum: UInt32 = 0
  private var length: UInt32 = 0

  init(level: Int) { self.level = level }

  /// What the file begins with.
  static let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255]

  /// Takes bytes, and gives compressed ones as soon as there are enough.
  mutating func append(_ bytes: [UInt8]) -> [UInt8] {
    checksum = ccodecs_crc32_continued(checksum, bytes.span)
    length &+= UInt32(truncatingIfNeeded: bytes.count)
    waiting += bytes
    var result: [UInt8] = []
    var start = 0
    while waiting.count - start > Self.pieceSize {
      result += Deflate.piece(Array(waiting[start..<start + Self.pieceSize]), isLast: false, level: level)
      start += Self.pieceSize
    }
    if start > 0 { waiting.removeSubrange(..<start) }
    return result
  }

  /// The rest of the file.
  mutating func finish() -> [UInt8] {
    defer { waiting = [] }
    return Deflate.piece(waiting, isLast: true, level: level) + checksum.littleEndianBytes + length.littleEndianBytes
  }
}

extension FixedWidthInteger {
  /// The bytes of the number, lowest first.
  var littleEndianBytes: [UInt8] { (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> ($0 * 8)) } }
}
