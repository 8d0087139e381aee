// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

/// Damaged arrays are read or refused: no crash, no hang, no memory for what is only claimed.
struct MutationTests {
  /// A small array in some way of storing it.
  struct Kind: Sendable, CustomTestStringConvertible {
    var name: String
    var metadata: ArrayMetadata?

    var testDescription: String { name }

    init(_ name: String, _ metadata: ArrayMetadata?) { (self.name, self.metadata) = (name, metadata) }
  }

  private static func metadata(
    _ format: ZarrFormat, _ compression: Compression, shard: Extent? = nil, isChecksummed: Bool = false
  ) -> ArrayMetadata {
    ArrayMetadata(
      format: format, extent: [3, 4, 5], chunk: [2, 3, 4], shard: shard, voxelType: .uint16, compression: compression,
      isChecksummed: isChecksummed)
  }

  static let kinds: [Kind] = [
    Kind("v3 blosc", metadata(.v3, .standard)), Kind("v3 zstd", metadata(.v3, .zstd(level: 3))), Kind("v3 raw", metadata(.v3, .none)),
    Kind("v3 gzip, checksums", metadata(.v3, .gzip(level: 6), isChecksummed: true)),
    Kind("v3 shards", metadata(.v3, .standard, shard: [4, 6, 4])), Kind("v2 blosc", metadata(.v2, .blosc(.lz4, level: 5, shuffle: .bits))),
    Kind("v2 gzip", metadata(.v2, .gzip(level: 1))), Kind("n5", nil),
  ]

  /// The store with the array, and its keys.
  private func made(_ kind: Kind) throws -> (store: CountingStore, keys: [String]) {
    let store = CountingStore()
    if let metadata = kind.metadata {
      let array = try ChunkedArray.create(in: store, node: "", metadata)
      try array.write(patternVoxels(metadata.extent, seed: 3, as: UInt16.self), at: [0, 0, 0])
    } else {
      let attributes = #"{"dimensions":[9,6],"blockSize":[4,3],"dataType":"uint16","compression":{"type":"gzip","level":-1}}"#
      try store.put("attributes.json", Array(attributes.utf8))
      // A block is a header before what a chunk of Zarr is.
      let zarr = CountingStore()
      let metadata = ArrayMetadata(format: .v3, extent: [3, 4], chunk: [3, 4], voxelType: .uint16, compression: .gzip(level: 6))
      try ChunkedArray.create(in: zarr, node: "", metadata).write(patternVoxels([3, 4], seed: 1, as: UInt16.self), at: [0, 0])
      let voxels = try #require(try zarr.get("c/0/0"))
      for x in 0..<2 { for y in 0..<2 { try store.put("\(x)/\(y)", [0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 3] + voxels) } }
    }
    return (store, store.keys)
  }

  /// Reads at most some thousand voxels of what the metadata now say is there.
  private func read(_ store: CountingStore, isN5: Bool) throws {
    let source: any VoxelSource = isN5 ? try N5Array.open(in: store, node: "") : try ChunkedArray.open(in: store, node: "")
    let box = Box(lower: source.extent.lengths.map { _ in 0 }, upper: source.extent.lengths.map { min($0, 10) })
    guard box.rank <= 4 else { return }
    _ = try source.read(box, as: Float.self)
  }

  @Test(arguments: kinds) func aDamagedFileIsReadOrRefused(_ kind: Kind) throws {
    let (store, keys) = try made(kind)
    try read(store, isN5: kind.metadata == nil)
    var mutator = Mutator(seed: 11)
    var refused = 0
    let before = residentBytes()
    let count = mutationCount(full: 125_000)
    for index in 0..<count {
      let key = keys[index % keys.count]
      let whole = try #require(try store.get(key))
      try store.put(key, mutator.mutated(whole))
      do { try read(store, isN5: kind.metadata == nil) } catch is ChunkStoreError { refused += 1 }
      try store.put(key, whole)
      store.reset()
    }
    #expect(refused > count / 10, "\(refused) of \(count)")
    #expect(residentBytes() < before + 200_000_000)
  }

  @Test func aDamagedArchiveIsReadOrRefused() throws {
    guard python != nil else { return }
    try withTemporaryFolder { folder in
      let files = LocalStore(directory: folder.path + "/files")
      try ChunkedArray.create(in: files, node: "a", Self.metadata(.v3, .standard)).write(
        patternVoxels([3, 4, 5], seed: 3, as: UInt16.self), at: [0, 0, 0])
      var refused = 0
      let count = mutationCount(full: 20_000)
      for method in ["stored", "deflated"] {
        let archive = folder.path + "/\(method).zip"
        let made = try runInteropScript("write_archive.py", [files.directory, archive, method])
        try #require(made.status == 0, "\(made.output)")
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: archive)))
        var mutator = Mutator(seed: 13)
        for _ in 0..<count {
          try Data(mutator.mutated(whole)).write(to: URL(fileURLWithPath: archive))
          do {
            let array = try ChunkedArray.open(in: ZipStore(archive, folder: "a"), node: "")
            _ = try array.read(Box(lower: [0, 0, 0], upper: array.extent.lengths.map { min($0, 5) }), as: Float.self)
          } catch is ChunkStoreError { refused += 1 }
        }
      }
      #expect(refused > count / 10, "\(refused) of \(2 * count)")
    }
  }
}
