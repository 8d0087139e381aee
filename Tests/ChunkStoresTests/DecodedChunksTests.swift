// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Grids
import TestSupport
import Testing
import Volumes

/// Boxes that overlap, read from chunks that are kept as they were decoded.
@Suite struct DecodedChunksTests {
  /// Each chunk is fetched once where all of them may be kept, sharded or not; where fewer may, more often, and never more than without.
  @Test(arguments: [nil, [16, 32, 24]] as [Extent?])
  func whatIsReadIsTheSameAndChunksThatAreKeptAreFetchedOnce(shard: Extent?) throws {
    let voxels = patternVoxels([37, 50, 41], seed: 5, as: UInt16.self)
    let metadata = ArrayMetadata(
      format: .v3, extent: voxels.extent, chunk: [8, 16, 12], shard: shard, voxelType: .uint16, compression: .standard)
    let store = CountingStore()
    let array = try ChunkedArray.create(in: store, node: "", metadata)
    try array.write(voxels, at: [0, 0, 0])
    let all = 2 * [40, 64, 48].reduce(1, *)
    func fetches(_ array: ChunkedArray) throws -> Int {
      store.reset()
      for tile in voxels.extent.box.tiles(of: [10, 13, 11]) {
        let box = tile.expanded(by: [3, 3, 3]).intersection(voxels.extent.box)
        #expect(try array.read(box, as: UInt16.self) == voxels.cropped(to: box))
        // Converted to another type, too.
        #expect(try array.read(box, as: Float.self).elements == voxels.cropped(to: box).elements.map(Float.init))
      }
      // Of a shard the index is fetched each time.
      return store.fetched.values.joined().count { range in
        if case .last = range { false } else { true }
      }
    }
    let without = try fetches(array)
    let whole = try fetches(array.keeping(DecodedChunks(bytes: all)))
    let half = try fetches(array.keeping(DecodedChunks(bytes: all / 4)))
    let none = try fetches(array.keeping(DecodedChunks(bytes: 100)))
    #expect(whole < half && half < without && none == without, "\(whole), \(half), \(without), \(none)")
    if shard == nil { #expect(whole == 5 * 4 * 4) }
  }
}
