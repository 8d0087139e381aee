// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
internal import Volumes

/// One step from bytes to bytes between an array's chunk and its file.
enum ByteCodec: Sendable, Hashable {
  case blosc(BloscParameters)
  case zstd(level: Int, checksum: Bool, itemSize: Int)
  case zlib(level: Int)
  case gzip(level: Int)
  case lz4(acceleration: Int)
  /// The block stream of lz4-java, read only.
  case lz4Blocks
  case bz2(level: Int)
  case crc32c

  /// The name, for messages.
  var name: String {
    switch self {
    case .blosc: "blosc"
    case .zstd: "zstd"
    case .zlib: "zlib"
    case .gzip: "gzip"
    case .lz4, .lz4Blocks: "lz4"
    case .bz2: "bz2"
    case .crc32c: "crc32c"
    }
  }

  /// The codec with what it was given, as on a command line.
  var description: String {
    switch self {
    case .blosc(let given): "blosc:\(given.compressor.rawValue):\(given.level):\(given.shuffle.rawValue)"
    case .zstd(let level, _, _), .zlib(let level), .gzip(let level), .bz2(let level): "\(name):\(level)"
    case .lz4, .lz4Blocks, .crc32c: name
    }
  }

  /// Whether Zstandard looks for repetitions by its strategy `fast`, which it takes below level 3, in place of `dfast`.
  ///
  /// Voxels of two bytes or more repeat in short pieces, if at all: both strategies find the same. At levels 3 and 4, images are written 1.3
  /// to 1.5 times as fast and are -2 to +2 % as long. Images of one byte a voxel get a tenth longer.
  private static func isFast(_ level: Int, _ itemSize: Int) -> Bool { (3...4).contains(level) && itemSize > 1 }

  /// Decodes into `target` and gives the number of bytes written.
  ///
  /// - Throws: `CodecFailure` where the bytes are damaged or hold more than `target` does.
  func decode(_ bytes: RawSpan, into target: inout MutableRawSpan) throws(CodecFailure) -> Int {
    if let stated = try statedCount(of: bytes), stated != target.byteCount {
      // Told before anything is decoded, so that the exact number can be named.
      throw .wrongCount(stated)
    }
    let count: Int64 =
      switch self {
      case .blosc: ccodecs_blosc_decode(bytes, &target)
      case .zstd: ccodecs_zstd_decode(bytes, &target)
      case .zlib, .gzip: ccodecs_zlib_decode(bytes, &target)
      case .lz4: ccodecs_lz4_decode(bytes, &target)
      case .lz4Blocks: ccodecs_lz4_blocks_decode(bytes, &target)
      case .bz2: ccodecs_bz2_decode(bytes, &target)
      case .crc32c: ccodecs_crc32c_decode(bytes, &target)
      }
    if count == Int64(CCODECS_TARGET_TOO_SMALL) { throw .moreThan(target.byteCount) }
    guard count >= 0 else { throw .damaged }
    return Int(count)
  }

  /// The decoded length where the encoded bytes state it.
  func statedCount(of bytes: RawSpan) throws(CodecFailure) -> Int? {
    let count: Int64 =
      switch self {
      case .blosc: ccodecs_blosc_decoded_count(bytes)
      case .zstd: ccodecs_zstd_decoded_count(bytes)
      case .lz4: ccodecs_lz4_decoded_count(bytes)
      case .crc32c: Int64(bytes.byteCount) - 4
      case .zlib, .gzip, .bz2, .lz4Blocks: Int64(CCODECS_UNKNOWN)
      }
    if count == Int64(CCODECS_UNKNOWN) { return nil }
    guard count >= 0 else { throw .damaged }
    return Int(count)
  }

  /// The most bytes that an encoding of that length can hold, where there is a bound: deflate makes at most 1032 of one.
  func largestCount(of encodedCount: Int) -> Int? {
    switch self {
    case .zlib, .gzip: 1032 * encodedCount
    default: nil
    }
  }

  /// Encodes `bytes`: the same bytes for the same input on every machine.
  func encoded(_ bytes: RawSpan) throws(CodecFailure) -> [UInt8] {
    var result: [UInt8] = []
    let count = try encode(bytes, into: &result)
    result.removeLast(result.count - count)
    return result
  }

  /// Encodes `bytes` into the beginning of `result`, which is made longer where it is too short, and gives the number of bytes written.
  func encode(_ bytes: RawSpan, into result: inout [UInt8]) throws(CodecFailure) -> Int {
    let bound = bound(bytes.byteCount)
    if result.count < bound { result = [UInt8](unwritten: bound) }
    var elements = result.mutableSpan
    var target = elements.mutableRawBytes
    let count: Int64 =
      switch self {
      case .blosc(let parameters):
        ccodecs_blosc_encode(
          bytes, &target, parameters.compressor.code, Int32(parameters.level), parameters.shuffle.code, parameters.itemSize,
          parameters.encodedBlockSize)
      case .zstd(let level, let checksum, let itemSize):
        ccodecs_zstd_encode(bytes, &target, Int32(level), checksum ? 1 : 0, Self.isFast(level, itemSize) ? 1 : 0)
      case .zlib(let level): ccodecs_zlib_encode(bytes, &target, Int32(level), 0)
      case .gzip(let level): ccodecs_zlib_encode(bytes, &target, Int32(level), 1)
      case .lz4Blocks: Int64(CCODECS_FAILED)
      case .lz4(let acceleration): ccodecs_lz4_encode(bytes, &target, Int32(acceleration))
      case .bz2(let level): ccodecs_bz2_encode(bytes, &target, Int32(level))
      case .crc32c: ccodecs_crc32c_encode(bytes, &target)
      }
    guard count >= 0 else { throw .failed }
    return Int(count)
  }

  private func bound(_ count: Int) -> Int {
    switch self {
    case .blosc: ccodecs_blosc_bound(count)
    case .zstd: ccodecs_zstd_bound(count)
    case .zlib, .gzip: ccodecs_zlib_bound(count)
    case .lz4, .lz4Blocks: ccodecs_lz4_bound(count)
    case .bz2: ccodecs_bz2_bound(count)
    case .crc32c: count + 4
    }
  }
}

/// Why bytes could not be decoded; the caller adds the file and the chunk.
enum CodecFailure: Error {
  case damaged
  case failed
  case moreThan(Int)
  case lessThan(Int)
  case wrongCount(Int)
}

extension BloscCompressor {
  var code: Int32 { Int32(BloscCompressor.allCases.firstIndex(of: self) ?? 5) }
}

extension BloscShuffle {
  var code: Int32 {
    switch self {
    case .none: 0
    case .bytes, .automatic: 1
    case .bits: 2
    }
  }
}
