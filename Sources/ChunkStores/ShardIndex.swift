// SPDX-License-Identifier: Apache-2.0

internal import CCodecs

/// Where in a shard each of its chunks lies.
struct ShardIndex {
  /// Offset and number of bytes of each chunk, `missing` for one that is not stored.
  private(set) var entries: [UInt64]

  private static let missing = UInt64.max

  /// An index of `count` chunks, none of them stored.
  init(count: Int) { entries = [UInt64](repeating: Self.missing, count: 2 * count) }

  /// Reads an index.
  ///
  /// - Parameters:
  ///   - bytes: the index as the file holds it, its checksum included.
  ///   - fileSize: bytes of the whole shard.
  /// - Throws: the reason, in words, where it cannot be the index of that file: wrong checksum, chunks outside the file, in the index, or
  ///   in one another.
  init(_ bytes: [UInt8], count: Int, fileSize: Int, _ sharding: Sharding) throws(ShardDamage) {
    self.init(count: count)
    guard bytes.count == sharding.indexByteCount(count) else {
      throw ShardDamage("has \(fileSize) bytes, less than its index of \(sharding.indexByteCount(count))")
    }
    var span = entries.mutableSpan
    var target = span.mutableRawBytes
    if sharding.isIndexChecksummed {
      guard (try? ByteCodec.crc32c.decode(bytes.rawBytes, into: &target)) == 16 * count else {
        throw ShardDamage("has an index with a wrong checksum")
      }
    } else {
      ccodecs_copy_bytes(bytes.rawBytes, &target)
    }
    if sharding.isIndexBigEndian { ccodecs_swap_bytes(&target, 8) }
    try check(fileSize: fileSize, indexSize: bytes.count, sharding)
  }

  /// Throws where chunks lie outside the part of the file that is theirs, or in one another.
  private func check(fileSize: Int, indexSize: Int, _ sharding: Sharding) throws(ShardDamage) {
    let room = sharding.isIndexAtEnd ? 0..<fileSize - indexSize : indexSize..<fileSize
    var last = 0
    var isSorted = true
    for chunk in 0..<entries.count / 2 {
      let (offset, count) = (entries[2 * chunk], entries[2 * chunk + 1])
      if offset == Self.missing && count == Self.missing { continue }
      let (end, overflow) = offset.addingReportingOverflow(count)
      guard !overflow, offset >= room.lowerBound, end <= room.upperBound else {
        throw ShardDamage(
          "has \(fileSize) bytes, and its index says that the chunk with number \(chunk) is \(count) bytes at \(offset)")
      }
      if offset < last { isSorted = false }
      last = Int(end)
    }
    if isSorted { return }
    // Any order of chunks is allowed.
    let stored = (0..<entries.count / 2).filter { entries[2 * $0] != Self.missing }.sorted { entries[2 * $0] < entries[2 * $1] }
    for (before, after) in zip(stored, stored.dropFirst()) where entries[2 * before] + entries[2 * before + 1] > entries[2 * after] {
      throw ShardDamage("has an index whose chunks number \(before) and \(after) overlap")
    }
  }

  /// Where a chunk lies in the file; `nil` where it is not stored.
  subscript(_ chunk: Int) -> Range<Int>? {
    get {
      let (offset, count) = (entries[2 * chunk], entries[2 * chunk + 1])
      return offset == Self.missing ? nil : Int(offset)..<Int(offset + count)
    }
    set {
      entries[2 * chunk] = newValue.map { UInt64($0.lowerBound) } ?? Self.missing
      entries[2 * chunk + 1] = newValue.map { UInt64($0.count) } ?? Self.missing
    }
  }

  /// Whether no chunk is stored.
  var isEmpty: Bool { entries.allSatisfy { $0 == Self.missing } }

  /// The index as files hold it.
  func encoded(_ sharding: Sharding) throws(CodecFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 8 * entries.count)
    var span = bytes.mutableSpan
    var target = span.mutableRawBytes
    ccodecs_copy_bytes(entries.rawBytes, &target)
    if sharding.isIndexBigEndian { ccodecs_swap_bytes(&target, 8) }
    return sharding.isIndexChecksummed ? try ByteCodec.crc32c.encoded(bytes.rawBytes) : bytes
  }
}

/// What is wrong with a shard, in words that follow its name.
struct ShardDamage: Error {
  let reason: String

  init(_ reason: String) { self.reason = reason }
}
