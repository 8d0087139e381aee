// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

struct RoundTripTests {
  static let compressions: [Compression] =
    [.none, .zstd(level: 3), .gzip(level: 6)]
    + BloscCompressor.allCases.flatMap { compressor in
      BloscShuffle.allCases.map { Compression.blosc(compressor, level: 5, shuffle: $0) }
    }

  @Test(arguments: 0..<120) func whatIsWrittenIsReadBackFromAnyBox(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let rank = Int.random(in: 1...5, using: &random)
    let longest = [200, 40, 20, 9, 6][rank - 1]
    let extent = Extent((0..<rank).map { _ in Int.random(in: 1...longest, using: &random) })
    let chunk = Extent((0..<rank).map { _ in Int.random(in: 1...longest, using: &random) })
    let type = VoxelType.allCases.randomElement(using: &random) ?? .uint8
    let format = Bool.random(using: &random) ? ZarrFormat.v2 : .v3
    let shard =
      format == .v3 && Bool.random(using: &random) ? Extent(chunk.lengths.map { $0 * Int.random(in: 1...4, using: &random) }) : nil
    let metadata = ArrayMetadata(
      format: format, extent: extent, chunk: chunk, shard: shard, voxelType: type,
      compression: Self.compressions.randomElement(using: &random) ?? .none)
    let voxels = randomVoxels(extent, using: &random)
    try withTemporaryFolder { folder in
      let array = try ChunkedArray.create(at: folder.path, metadata)
      let stripe = Extent(metadata.unit.lengths.map { $0 * Int.random(in: 1...3, using: &random) })
      for box in extent.box.tiles(of: stripe).shuffled(using: &random) { try array.write(voxels.cropped(to: box), at: box.lower) }
      let opened = try ChunkedArray.open(at: folder.path)
      #expect(opened.metadata == metadata)
      for _ in 0..<4 {
        let lower = extent.lengths.map { Int.random(in: 0..<$0, using: &random) }
        let box = Box(lower: lower, upper: zip(lower, extent.lengths).map { Int.random(in: $0...$1, using: &random) })
        let expected = voxels.cropped(to: box)
        #expect(try opened.read(box, as: UInt8.self) == expected)
        #expect(try opened.read(box, as: Float.self) == expected.converted(to: Float.self))
        #expect(try opened.read(box, as: Int32.self) == expected.converted(to: Int32.self))
      }
    }
  }

  @Test(arguments: VoxelType.allCases) func everyValueOfATypeSurvives(type: VoxelType) throws {
    func check<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
      let voxels = patternVoxels([20, 30], seed: 3, as: type)
      for format in [ZarrFormat.v2, .v3] {
        try withTemporaryFolder { folder in
          let metadata = ArrayMetadata(format: format, extent: voxels.extent, chunk: [7, 16], voxelType: Voxel.voxelType)
          let array = try ChunkedArray.create(at: folder.path, metadata)
          try array.write(voxels, at: [0, 0])
          #expect(try array.read(voxels.extent.box, as: type) == voxels)
        }
      }
    }
    try check(type.scalar)
  }

  @Test func conversionsSaturateBothWays() throws {
    try withTemporaryFolder { folder in
      let array = try ChunkedArray.create(at: folder.path, ArrayMetadata(format: .v3, extent: [4], chunk: [4], voxelType: .uint8))
      try array.write(VoxelBuffer<Float>(extent: [4], elements: [-3, 2.5, 300, .nan]), at: [0])
      #expect(try array.read(Box(lower: [0], upper: [4]), as: Int8.self).elements == [0, 2, 127, 0])
    }
  }

  @Test(arguments: ["\"C\"", "\"F\""], ["<", ">"]) func orderAndByteOrderOfVersionTwoAreKept(order: String, byteOrder: String) throws {
    let voxels = patternVoxels([5, 7, 3], seed: 1, as: Int32.self)
    try withTemporaryFolder { folder in
      let text = zarray(["shape": "[5, 7, 3]", "chunks": "[2, 4, 3]", "dtype": "\"\(byteOrder)i4\"", "order": order])
      let array = try openV2(text, folder)
      try array.write(voxels, at: [0, 0, 0])
      #expect(
        try array.read(Box(lower: [1, 2, 0], upper: [5, 6, 2]), as: Int32.self)
          == voxels.cropped(to: Box(lower: [1, 2, 0], upper: [5, 6, 2])))
      // Voxel (1, 2, 1) is the first byte's place told by hand: chunk (0, 0, 0) of 2 × 4 × 3.
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("0.0.0")))
      let place = order == "\"C\"" ? (1 * 4 + 2) * 3 + 1 : 1 + 2 * 2 + 8 * 1
      let stored = bytes[4 * place..<4 * place + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let expected = UInt32(bitPattern: voxels[[1, 2, 1]])
      #expect((byteOrder == ">" ? stored : stored.byteSwapped) == expected)
    }
  }

  @Test func twoTransposesCompose() throws {
    let voxels = patternVoxels([2, 3, 4], seed: 1, as: UInt8.self)
    try withTemporaryFolder { folder in
      let codecs =
        #"[{"name": "transpose", "configuration": {"order": [1, 2, 0]}}, {"name": "transpose", "configuration": {"order": [1, 0, 2]}}, "#
        + #"{"name": "bytes"}]"#
      let grid = #"{"name": "regular", "configuration": {"chunk_shape": [2, 3, 4]}}"#
      let text = zarrJSON(["shape": "[2, 3, 4]", "data_type": "\"uint8\"", "chunk_grid": grid, "codecs": codecs])
      let array = try openV3(text, folder)
      try array.write(voxels, at: [0, 0, 0])
      let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent("c/0/0/0")))
      // Axes (z, y, x) become (y, x, z), then (x, y, z).
      #expect(bytes[(3 * 3 + 2) * 2 + 1] == voxels[[1, 2, 3]])
      #expect(try array.read(voxels.extent.box, as: UInt8.self) == voxels)
    }
  }

  @Test func missingChunksHaveTheFillValue() throws {
    try withTemporaryFolder { folder in
      let array = try openV2(zarray(["fill_value": "7"]), folder)
      #expect(try array.read(Box(lower: [0, 0], upper: [4, 6]), as: UInt8.self).elements == [UInt8](repeating: 7, count: 24))
      try array.write(VoxelBuffer<UInt16>(extent: [2, 3], repeating: 1), at: [2, 3])
      #expect(try array.read(Box(lower: [1, 2], upper: [3, 4]), as: UInt16.self).elements == [7, 7, 7, 1])
    }
  }

  @Test func anEmptyArrayReadsAsNothing() throws {
    try withTemporaryFolder { folder in
      let array = try openV2(zarray(["shape": "[0, 6]"]), folder)
      #expect(try array.read(array.extent.box, as: UInt8.self).count == 0)
    }
  }
}
