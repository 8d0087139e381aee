// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// How chunks lie in shards, files of many chunks with an index.
///
/// https://zarr-specs.readthedocs.io/en/latest/v3/codecs/sharding-indexed/index.html
struct Sharding: Sendable, Equatable {
  /// Voxels of a shard along each axis: multiples of those of a chunk.
  var shard: Extent
  /// The array's axes in the order in which the index lists chunks, slowest first.
  var order: [Int]
  /// Whether the index follows the chunks, rather than coming before them.
  var isIndexAtEnd = true
  var isIndexBigEndian = false
  var isIndexChecksummed = true
  /// What the whole shard goes through on its way to its file; parts of it then cannot be read alone.
  var codecs: [ByteCodec] = []

  /// The standard way: chunks in C order, the index at the end with its CRC-32C.
  init(shard: Extent) {
    self.shard = shard
    order = Array(0..<shard.rank)
  }

  /// Chunks of a shard along the axes in the index's order.
  func chunkCounts(_ chunk: Extent) -> Extent { Extent(order.map { shard[$0] / chunk[$0] }) }

  /// Bytes of the index of a shard of `count` chunks.
  func indexByteCount(_ count: Int) -> Int { 16 * count + (isIndexChecksummed ? 4 : 0) }

  /// The place in the index of a chunk: `index` counts chunks of the array.
  func place(ofChunk index: [Int], _ counts: Extent) -> Int {
    order.indices.reduce(0) { $0 * counts[$1] + index[order[$1]] % counts[$1] }
  }
}

extension Sharding {
  /// Reads the `sharding_indexed` codec of an array of that rank.
  ///
  /// - Parameters:
  ///   - shard: voxels of the chunk grid's chunk along the array's axes.
  ///   - order: what transposing before it has made of the axes.
  init(_ configuration: JSON, shard: Extent, order: [Int], _ reader: MetadataReader) throws(ChunkStoreError) {
    self.init(shard: shard)
    self.order = order
    switch configuration["index_location"]?.text ?? "end" {
    case "end": isIndexAtEnd = true
    case "start": isIndexAtEnd = false
    case let location: throw reader.error("`index_location` is `\(location)`, and start and end are known")
    }
    isIndexChecksummed = false
    var hasBytes = false
    for codec in configuration["index_codecs"]?.elements ?? [] {
      switch codec.text ?? codec["name"]?.text {
      case "bytes" where !hasBytes:
        hasBytes = true
        isIndexBigEndian = codec["configuration"]?["endian"]?.text == "big"
      case "crc32c" where hasBytes && !isIndexChecksummed: isIndexChecksummed = true
      case let name:
        throw reader.error(
          "the index of shards goes through `\(name ?? codec.shown)`, and only `bytes` and then `crc32c` are supported",
          hint: "store the array again with the usual `index_codecs`")
      }
    }
    guard hasBytes else { throw reader.error("`index_codecs` lacks `bytes`") }
  }

  /// The codec as one of v3's `codecs`; `inner` are the codecs of a chunk.
  func json(chunk: Extent, inner: [JSON]) -> JSON {
    var index: [JSON] = [["name": "bytes", "configuration": ["endian": isIndexBigEndian ? "big" : "little"]]]
    if isIndexChecksummed { index.append(["name": "crc32c"]) }
    return [
      "name": "sharding_indexed",
      "configuration": [
        "chunk_shape": .integers(order.map { chunk[$0] }), "codecs": .array(inner), "index_codecs": .array(index),
        "index_location": isIndexAtEnd ? "end" : "start",
      ],
    ]
  }
}
