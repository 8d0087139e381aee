// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

/// Arrays whose chunks lie in shards.
struct ShardTests {
  /// 8 × 12 voxels in shards of 4 × 6, of chunks of 2 × 3, stored raw: shard (0, 0) is the file `c/0/0` of 48 + 4 · 16 + 4 bytes.
  private func sharded(
    _ folder: URL, location: String = "end",
    indexCodecs: String = #"{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}"#,
    before: String = "", after: String = "", inner: String = #"{"name": "bytes", "configuration": {"endian": "little"}}"#,
    chunkShape: String = "[2, 3]"
  ) throws -> ChunkedArray {
    let codec = """
      [\(before){"name": "sharding_indexed", "configuration": {"chunk_shape": \(chunkShape), "codecs": [\(inner)],
        "index_codecs": [\(indexCodecs)], "index_location": "\(location)"}}\(after)]
      """
    let grid = #"{"name": "regular", "configuration": {"chunk_shape": [4, 6]}}"#
    return try openV3(zarrJSON(["shape": "[8, 12]", "chunk_grid": grid, "codecs": codec]), folder)
  }

  private let voxels = patternVoxels([8, 12], seed: 5, as: UInt16.self).mapVoxels { $0 | 1 }

  @Test func aBoxFetchesTheIndexAndOnlyTheChunksThatItMeets() throws {
    let store = CountingStore()
    let metadata = ArrayMetadata(format: .v3, extent: [8, 12], chunk: [2, 3], shard: [4, 6], voxelType: .uint16, compression: .none)
    let array = try ChunkedArray.create(in: store, node: "a", metadata)
    try array.write(voxels, at: [0, 0])
    let box = Box(lower: [1, 4], upper: [3, 7])
    store.reset()
    #expect(try array.read(box, as: UInt16.self) == voxels.cropped(to: box))
    // Two shards: of the first one the chunks (0, 1) and (1, 1), of the second one (0, 0) and (1, 0).
    let index = 4 * 16 + 4
    #expect(
      store.fetched == [
        "a/c/0/0": [.last(index), .bytes(offset: 12, count: 12), .bytes(offset: 36, count: 12)],
        "a/c/0/1": [.last(index), .bytes(offset: 0, count: 12), .bytes(offset: 24, count: 12)],
      ])
  }

  @Test(
    arguments: ["end", "start"],
    [
      "", #"{"name": "transpose", "configuration": {"order": [1, 0]}}, "#,
    ]) func anyPlaceOfTheIndexAndOrderOfAxesIsRead(location: String, before: String) throws
  {
    for after in ["", #", {"name": "gzip", "configuration": {"level": 1}}"#, #", {"name": "crc32c"}"#] {
      for inner in [
        #"{"name": "bytes", "configuration": {"endian": "big"}}"#,
        #"{"name": "transpose", "configuration": {"order": [1, 0]}}, {"name": "bytes"}, {"name": "zstd", "configuration": {"level": 1}}"#,
      ] {
        try withTemporaryFolder { folder in
          let array = try sharded(
            folder, location: location, before: before, after: after, inner: inner, chunkShape: before.isEmpty ? "[2, 3]" : "[3, 2]")
          #expect(array.chunk == [2, 3] && array.metadata.unit == [4, 6] && array.metadata.shard == [4, 6])
          try array.write(voxels, at: [0, 0])
          let again = try ChunkedArray.open(at: folder.path)
          #expect(try again.read(again.extent.box, as: UInt16.self) == voxels)
          #expect(try ChunkedArray.create(at: folder.path, again.metadata).metadata == again.metadata)
          #expect(try ChunkedArray.open(at: folder.path).metadata == again.metadata)
        }
      }
    }
  }

  @Test func anIndexWithoutChecksumAndOfTheOtherByteOrderIsRead() throws {
    try withTemporaryFolder { folder in
      let array = try sharded(folder, indexCodecs: #"{"name": "bytes", "configuration": {"endian": "big"}}"#)
      try array.write(voxels, at: [0, 0])
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("c/0/0")))
      #expect(bytes.count == 48 + 64 && bytes.suffix(16) == [0, 0, 0, 0, 0, 0, 0, 36, 0, 0, 0, 0, 0, 0, 0, 12])
      #expect(try array.read(array.extent.box, as: UInt16.self) == voxels)
    }
  }

  @Test func chunksOfFillValueAreNotStoredAndShardsOfThemNeither() throws {
    try withTemporaryFolder { folder in
      let array = try sharded(folder)
      var some = VoxelBuffer<UInt16>(extent: [8, 12], repeating: 0)
      some[[5, 11]] = 7
      try array.write(voxels, at: [0, 0])
      try array.write(some, at: [0, 0])
      #expect(files(in: folder) == ["c/1/1", "zarr.json"])
      #expect(try Data(contentsOf: folder.appendingPathComponent("c/1/1")).count == 12 + 68)
      #expect(try array.read(array.extent.box, as: UInt16.self) == some)
      #expect(array.storedChunkCount() == 1 && array.storedChunkCount(in: array.extent.box) == 1)
    }
  }

  @Test func aBoxThatCutsAShardIsRefused() throws {
    try withTemporaryFolder { folder in
      let array = try sharded(folder)
      let error = message { try array.write(voxels.cropped(to: Box(lower: [0, 0], upper: [2, 6])), at: [0, 0]) }
      #expect(error.contains("cuts shards") && error.contains("4×6"), "\(error)")
      #expect(files(in: folder) == ["zarr.json"])
    }
  }

  /// The message when a shard is not as it should be; `change` gets its bytes, without a checksum of the index unless asked for.
  private func reading(checksum: Bool = false, _ change: (inout [UInt8]) -> Void) throws -> String {
    try withTemporaryFolder { folder in
      let bytes = #"{"name": "bytes", "configuration": {"endian": "little"}}"#
      let array = try sharded(folder, indexCodecs: checksum ? bytes + #", {"name": "crc32c"}"# : bytes)
      try array.write(voxels, at: [0, 0])
      let url = folder.appendingPathComponent("c/0/0")
      var shard = [UInt8](try Data(contentsOf: url))
      change(&shard)
      try Data(shard).write(to: url)
      let damaged = array.damagedChunks(in: array.extent.box)
      #expect(damaged == [url.path])
      return message { _ = try array.read(array.extent.box, as: UInt16.self) }
    }
  }

  @Test func damagedShardsAreNamedWithWhatIsWrong() throws {
    #expect(
      try reading { $0[48] = 200 }.contains("/c/0/0 has 112 bytes, and its index says that the chunk with number 0 is 12 bytes at 200"))
    #expect(try reading { $0[48] = 40 }.contains("says that the chunk with number 0 is 12 bytes at 40"))
    #expect(try reading { $0[48] = 1 }.contains("chunks number 0 and 1 overlap"))
    #expect(try reading { $0[48 + 16] = 0 }.contains("chunks number 0 and 1 overlap"))
    #expect(try reading { $0[48 + 8] = 11 }.contains("chunk (0, 0)"))
    #expect(try reading { for place in 48..<56 { $0[place] = 255 } }.contains("chunk with number 0"))
    #expect(try reading { $0.removeLast() }.contains("says that the chunk"))
    #expect(try reading { $0 = Array($0.suffix(63)) }.contains("has 63 bytes, less than its index of 64"))
    #expect(try reading { $0 = [] }.contains("has 0 bytes, less than its index of 64"))
    #expect(try reading(checksum: true) { $0[48] ^= 1 }.contains("an index with a wrong checksum"))
    #expect(try reading(checksum: true) { $0 = Array($0.dropFirst()) }.contains("says that the chunk"))
    // A torn shard: the writer ended half-way.
    #expect(try reading(checksum: true) { $0 = Array($0.prefix(70)) }.contains("wrong checksum"))
  }

  @Test func metadataThatCannotBeMeantAreRefused() throws {
    try withTemporaryFolder { folder in
      #expect(
        message { _ = try sharded(folder, chunkShape: "[3, 3]") }.contains("shards of 4×6 voxels are not made of whole chunks of 3×3"))
      #expect(message { _ = try sharded(folder, chunkShape: "[2]") }.contains("1 axes, and the array has 2"))
      #expect(message { _ = try sharded(folder, chunkShape: "[0, 3]") }.contains("at least 1"))
      #expect(message { _ = try sharded(folder, location: "middle") }.contains("`index_location` is `middle`"))
      #expect(message { _ = try sharded(folder, indexCodecs: #"{"name": "gzip"}"#) }.contains("gzip"))
      #expect(message { _ = try sharded(folder, inner: #"{"name": "crc32c"}"#) }.contains("crc32c"))
      let nested = #"{"name": "sharding_indexed", "configuration": {"chunk_shape": [1, 1], "codecs": [{"name": "bytes"}]}}"#
      #expect(message { _ = try sharded(folder, inner: nested) }.contains("shards inside shards"))
    }
  }
}
