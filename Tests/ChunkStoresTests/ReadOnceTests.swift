// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Grids
import TestSupport
import Testing
import Volumes

/// The lazy graph: what is composed reads and decodes each chunk once a pass.
@Suite struct ReadOnceTests {
  private func withArray(
    shard: Extent? = nil, _ body: (_ store: CountingStore, _ array: ChunkedArray, _ voxels: VoxelBuffer<UInt16>) throws -> Void
  ) throws {
    let voxels = patternVoxels([37, 50, 41], seed: 5, as: UInt16.self)
    let metadata = ArrayMetadata(
      format: .v3, extent: voxels.extent, chunk: [8, 16, 12], shard: shard, voxelType: .uint16, compression: .standard)
    let store = CountingStore()
    let array = try ChunkedArray.create(in: store, node: "", metadata)
    try array.write(voxels, at: [0, 0, 0])
    store.reset()
    try body(store, array, voxels)
  }

  /// Reads a source in boxes of its chunks, or of several.
  private func pass(_ source: any VoxelSource, chunks: [Int]) throws -> VoxelBuffer<Float> {
    var result = VoxelBuffer<Float>(extent: source.extent)
    for box in source.extent.box.tiles(of: Extent(zip(source.chunk.lengths, chunks).map(*))) {
      let voxels = try source.read(box, as: Float.self)
      result.copy(from: voxels, box: voxels.extent.box, at: box.lower)
    }
    return result
  }

  @Test func aPassOverACompositionReadsEachChunkOnce() throws {
    try withArray { store, array, voxels in
      let volume = LazyVolume(source: array, space: PhysicalSpace(spacing: [1, 1, 1]), name: "")
      let whole = VoxelBuffer<Float>(extent: voxels.extent, elements: voxels.elements.map(Float.init))
      // 5 × 4 × 4 chunks; the crop begins where chunks do, and ends inside one.
      let crop = Box(lower: [8, 16, 0], upper: [37, 41, 41])
      // Parts that end where chunks do.
      let parts = [0, 16].map { volume.cropped(to: Box(lower: [8, $0, 0], upper: [37, $0 + 32, 41])) }
      let compositions: [(String, LazyVolume, Int)] = [
        ("as it is", volume, 80), ("cropped", volume.cropped(to: crop), 4 * 2 * 4), ("cast", volume.cast(to: .uint8), 80),
        ("permuted", volume.permuted([2, 0, 1]), 80), ("downsampled", volume.downsampled(by: [2, 2, 3]), 80),
        ("all of it", volume.cropped(to: crop).permuted([1, 2, 0]).cast(to: .float32).downsampled(by: [4, 3, 2]), 4 * 2 * 4),
        ("put together", LazyVolume.concatenated(parts, along: 1), 2 * 4 * 2 * 4),
      ]
      for (name, composition, expected) in compositions {
        for chunks in [[1, 1, 1], [1, 2, 3]] {
          let voxels = try pass(composition.source, chunks: chunks)
          let fetched = store.fetched.filter { $0.key.hasPrefix("c/") }.mapValues(\.count)
          store.reset()
          #expect(fetched.values.reduce(0, +) == expected, "\(name), boxes of \(chunks) chunks: \(fetched)")
          if name == "as it is" { #expect(voxels == whole) }
          if name == "cropped" { #expect(voxels == whole.cropped(to: crop)) }
        }
      }
    }
  }

  /// So that the disk is at work on them meanwhile.
  @Test(arguments: [nil, [16, 32, 24]] as [Extent?]) func chunksAreAnnouncedOnceBeforeTheyAreRead(shard: Extent?) throws {
    try withArray(shard: shard) { store, array, voxels in
      for box in [voxels.extent.box, Box(lower: [3, 15, 1], upper: [20, 33, 30]), Box(lower: [0, 0, 0], upper: [1, 1, 1])] {
        store.reset()
        _ = try array.read(box, as: UInt16.self)
        let announced = store.announced
        #expect(Set(announced).count == announced.count)
        for request in announced { #expect(try #require(store.fetched[request.key]).contains(request.range)) }
        // All but the first of the box, or of each shard.
        let first = shard.map { box.tiles(of: $0).count } ?? 1
        #expect(announced.count == box.tiles(of: [8, 16, 12]).count - first, "\(box)")
      }
    }
  }

  @Test func thePartThatIsAveragedNextIsAnnounced() throws {
    let extent: Extent = [4, 2048, 2048]
    let metadata = ArrayMetadata(format: .v3, extent: extent, chunk: [2, 1024, 2048], voxelType: .uint8, compression: .none)
    let store = CountingStore()
    let array = try ChunkedArray.create(in: store, node: "", metadata)
    try array.write(VoxelBuffer<UInt8>(extent: extent, repeating: 7), at: [0, 0, 0])
    store.reset()
    // Four tiles of a chunk each.
    let source = MeanDownsampledSource(base: array, factors: [4, 64, 64])
    let mean = try source.read(source.extent.box, as: Float.self)
    #expect(mean.elements.allSatisfy { $0 == 7 })
    #expect(store.announced.map(\.key) == ["c/0/1/0", "c/1/0/0", "c/1/1/0"])
  }

  @Test func memoryIsUsedAgainForBoxesOfOneSize() throws {
    try withArray { store, array, voxels in
      func place(_ buffer: VoxelBuffer<UInt16>) -> Int {
        unsafe buffer.elements.withUnsafeBytes { Int(bitPattern: $0.baseAddress) }
      }
      var buffer = VoxelBuffer<UInt16>()
      let boxes = [[0, 0, 0], [5, 20, 17], [21, 34, 25]].map { Box(lower: $0, upper: zip($0, [16, 16, 16]).map(+)) }
      var places: Set<Int> = []
      for box in boxes {
        try array.read(box, into: &buffer)
        #expect(buffer == voxels.cropped(to: box))
        places.insert(place(buffer))
      }
      #expect(places.count == 1)
      // A copy that somebody else holds stays as it is.
      let held = buffer
      try array.read(boxes[0], into: &buffer)
      #expect(held == voxels.cropped(to: boxes[2]) && buffer == voxels.cropped(to: boxes[0]))
      // Another size, another type, and through wrappers that know nothing of it.
      try array.read(Box(lower: [1, 2, 3], upper: [9, 9, 9]), into: &buffer)
      #expect(buffer == voxels.cropped(to: Box(lower: [1, 2, 3], upper: [9, 9, 9])))
      var reals = VoxelBuffer<Float>()
      try CastSource(base: array, as: .float32).read(boxes[1], into: &reals)
      #expect(reals == voxels.cropped(to: boxes[1]).converted(to: Float.self))
      // Where reading fails nothing is left.
      try store.put("c/0/0/0", [1, 2, 3])
      #expect(throws: ChunkStoreError.self) { try array.read(boxes[0], into: &buffer) }
      #expect(buffer.count == 0)
    }
  }
}
