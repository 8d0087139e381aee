// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// A shard that is read: its index, and its chunks a few at a time.
struct Shard {
  private let array: ChunkedArray
  private let key: String
  private let index: ShardIndex
  /// The shard itself, where parts of its file cannot be read alone.
  private let whole: [UInt8]?

  /// Opens the shard with that key; `nil` where it is not stored.
  ///
  /// - Throws: where it cannot be read, or its index is damaged.
  init?(_ array: ChunkedArray, _ sharding: Sharding, key: String) throws(ChunkStoreError) {
    let count = sharding.chunkCounts(array.chunk).count
    let indexSize = sharding.indexByteCount(count)
    let part: ValuePart?
    if sharding.codecs.isEmpty {
      part = try array.store.get(key, sharding.isIndexAtEnd ? .last(indexSize) : .bytes(offset: 0, count: indexSize))
      whole = nil
    } else {
      guard let file = try array.store.get(key) else { return nil }
      // A shard is chunks and index; chunks may be larger than their voxels, and there may be gaps.
      let limit = 2 * count * array.metadata.chunkByteCount + indexSize + 65536
      do {
        var bytes = file
        for codec in sharding.codecs.reversed() { bytes = try codec.decodedToUnknownLength(bytes, limit: limit) }
        whole = bytes
        part = sharding.isIndexAtEnd ? bytes.part(.last(indexSize)) : bytes.part(.bytes(offset: 0, count: indexSize))
      } catch {
        throw Self.error(array, key, "cannot be decoded as \(sharding.codecs.map(\.name).joined(separator: " + "))")
      }
    }
    guard let part else { return nil }
    do { index = try ShardIndex(part.bytes, count: count, fileSize: part.total, sharding) } catch {
      throw Self.error(array, key, error.reason)
    }
    (self.array, self.key) = (array, key)
  }

  /// Announces the chunks at those places of the index.
  func willRead(_ places: [Int]) {
    if whole != nil { return }
    array.store.willGet(places.compactMap { index[$0] }.map { ValueRequest(key, .bytes(offset: $0.lowerBound, count: $0.count)) })
  }

  /// The bytes of the chunks at those places of the index; `nil` for those that are not stored.
  ///
  /// - Throws: where they cannot be read.
  func bytes(at places: [Int]) throws(ChunkStoreError) -> [[UInt8]?] {
    let ranges = places.map { index[$0] }
    if let whole { return ranges.map { $0.map { Array(whole[$0]) } } }
    let stored = ranges.compactMap { $0 }
    var parts = try array.store.get(stored.map { ValueRequest(key, .bytes(offset: $0.lowerBound, count: $0.count)) })[...]
    var found: [[UInt8]?] = []
    for range in ranges {
      guard let range else {
        found.append(nil)
        continue
      }
      guard let part = parts.popFirst() ?? nil, part.bytes.count == range.count else {
        throw Self.error(array, key, "became shorter while it was read")
      }
      found.append(part.bytes)
    }
    return found
  }

  private static func error(_ array: ChunkedArray, _ key: String, _ reason: String) -> ChunkStoreError {
    ChunkStoreError(
      "the shard \(array.store.name(of: key)) \(reason)",
      hint: "the file is damaged, was not written to its end, or the array's metadata are not its own; copy it again from its source")
  }
}
