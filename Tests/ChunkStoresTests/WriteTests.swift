// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import Synchronization
import TestSupport
import Testing
import Volumes

struct WriteTests {
  private func array(_ folder: URL, fill: FillValue = 0) throws -> ChunkedArray {
    let metadata = ArrayMetadata(format: .v3, extent: [10, 10], chunk: [4, 4], voxelType: .uint16, fillValue: fill)
    return try ChunkedArray.create(at: folder.path, metadata)
  }

  @Test func aBoxThatCutsAChunkIsRefusedWithTheNearestLegalBox() throws {
    try withTemporaryFolder { folder in
      let array = try array(folder)
      let error = message { try array.write(VoxelBuffer<UInt16>(extent: [4, 5]), at: [4, 5]) }
      #expect(error.contains("[4..<8, 5..<10]") && error.contains("nearest box of whole chunks is [4..<8, 4..<10]"))
      #expect(message { try array.write(VoxelBuffer<UInt16>(extent: [4, 4]), at: [8, 8]) }.contains("lies outside"))
      #expect(message { try array.write(VoxelBuffer<UInt16>(extent: [4]), at: [8]) }.contains("1 axes"))
      #expect(files(in: folder) == ["zarr.json"])
    }
  }

  @Test func chunksAtTheEndAreClippedInTheBoxAndWholeInTheFile() throws {
    try withTemporaryFolder { folder in
      let metadata = ArrayMetadata(format: .v2, extent: [10, 10], chunk: [4, 4], voxelType: .uint16, compression: .none)
      let array = try ChunkedArray.create(at: folder.path, metadata)
      try array.write(VoxelBuffer<UInt16>(extent: [2, 2], repeating: 9), at: [8, 8])
      #expect(try Data(contentsOf: folder.appendingPathComponent("2/2")).count == 32)
      #expect(files(in: folder) == [".zarray", "2/2"])
    }
  }

  /// A thread keeps Zstandard's tables from chunk to chunk.
  @Test(arguments: [Compression.zstd(level: 1), .zstd(level: 3), .zstd(level: 7), .zstd(level: 12), .standard])
  func theBytesOfAChunkDoNotFollowFromThoseEncodedBefore(compression: Compression) throws {
    let store = CountingStore()
    @Sendable func write(_ name: String, _ side: Int, seed: Int, _ compression: Compression) throws -> [UInt8]? {
      let metadata = ArrayMetadata(format: .v3, extent: [side, side], chunk: [side, side], voxelType: .uint16, compression: compression)
      let smooth = patternVoxels([side, side], seed: seed, as: UInt16.self).mapVoxels { $0 % 1021 }
      try ChunkedArray.create(in: store, node: name, metadata).write(smooth, at: [0, 0])
      return try store.get(name + "/c/0/0")
    }
    let bytes = Mutex<[[UInt8]?]>([])
    let thread = Thread {
      for (index, side) in [300, 17, 513, 300, 64, 300].enumerated() {
        let written = try? write("\(index)", side, seed: side, index == 4 ? .zstd(level: 19) : compression)
        bytes.withLock { $0.append(written) }
      }
    }
    thread.start()
    while !thread.isFinished { usleep(1000) }
    let first = try #require(bytes.withLock { $0.first } ?? nil)
    bytes.withLock { #expect($0[3] == first && $0[5] == first) }
  }

  @Test func noTemporaryFileIsLeft() throws {
    try withTemporaryFolder { folder in
      let array = try array(folder)
      try array.write(patternVoxels([10, 10], seed: 0, as: UInt16.self), at: [0, 0])
      #expect(files(in: folder).count == 10)
      #expect(files(in: folder).allSatisfy { !$0.contains(".tmp") })
    }
  }

  @Test func chunksOfNothingButTheFillValueAreNotStoredAndRemovedWhereTheyWere() throws {
    try withTemporaryFolder { folder in
      let array = try array(folder, fill: 5)
      try array.write(VoxelBuffer<UInt16>(extent: [10, 10], repeating: 1), at: [0, 0])
      #expect(files(in: folder).count == 10)
      try array.write(VoxelBuffer<UInt16>(extent: [10, 10], repeating: 5), at: [0, 0])
      #expect(files(in: folder) == ["zarr.json"])
      #expect(try array.read(Box(lower: [9, 9], upper: [10, 10]), as: UInt16.self).elements == [5])
    }
  }

  @Test func minusZeroIsNotTheFillValueZero() throws {
    try withTemporaryFolder { folder in
      let array = try ChunkedArray.create(at: folder.path, ArrayMetadata(format: .v3, extent: [2], chunk: [2], voxelType: .float32))
      try array.write(VoxelBuffer<Float>(extent: [2], repeating: -0.0), at: [0])
      #expect(try array.read(Box(lower: [0], upper: [1]), as: Float.self).elements[0].sign == .minus)
    }
  }

  @Test(arguments: RoundTripTests.compressions) func theSameVoxelsGiveTheSameBytes(compression: Compression) throws {
    func bytes() throws -> [Data] {
      try withTemporaryFolder { folder in
        let metadata = ArrayMetadata(format: .v3, extent: [64, 64], chunk: [32, 64], voxelType: .uint16, compression: compression)
        try ChunkedArray.create(at: folder.path, metadata).write(patternVoxels([64, 64], seed: 0, as: UInt16.self), at: [0, 0])
        return try files(in: folder).map { try Data(contentsOf: folder.appendingPathComponent($0)) }
      }
    }
    #expect(try bytes() == bytes())
  }

  @Test func manyThreadsWriteAsOne() async throws {
    let voxels = patternVoxels([64, 64, 16], seed: 5, as: UInt16.self)
    try await withTemporaryFolder { folder in
      let metadata = ArrayMetadata(format: .v3, extent: voxels.extent, chunk: [8, 8, 8], voxelType: .uint16)
      let array = try ChunkedArray.create(at: folder.path, metadata)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for box in voxels.extent.box.tiles(of: [8, 8, 8]) { group.addTask { try array.write(voxels.cropped(to: box), at: box.lower) } }
        try await group.waitForAll()
      }
      #expect(try array.read(voxels.extent.box, as: UInt16.self) == voxels)
    }
  }

  @Test func compressionsAreParsedFromText() throws {
    let blosc = Compression.blosc(.zstd, level: 5, shuffle: .automatic)
    let table: [(String, Compression)] = [
      ("none", .none), ("zstd", .zstd(level: 3)), ("zstd:9", .zstd(level: 9)), ("gzip:1", .gzip(level: 1)), ("blosc", blosc),
      ("blosc:zstd:1", .standard), ("blosc:lz4:1:bitshuffle", .blosc(.lz4, level: 1, shuffle: .bits)),
      ("blosc:lz4hc:9:noshuffle", .blosc(.lz4hc, level: 9, shuffle: .none)),
    ]
    for (text, expected) in table { #expect(try Compression(parsing: text) == expected) }
    for text in ["", "bzip", "zstd:0", "zstd:x", "blosc:nothing", "blosc:zstd:10", "none:1", "blosc:zstd:5:shuffle:1"] {
      #expect(throws: ChunkStoreError.self) { try Compression(parsing: text) }
    }
  }
}
