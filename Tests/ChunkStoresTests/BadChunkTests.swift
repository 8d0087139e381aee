// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

struct BadChunkTests {
  /// The message when the chunk (1, 1) of an array, 2 × 3 voxels of uint16, holds `bytes`.
  private func reading(_ bytes: [UInt8], compressor: String) throws -> String {
    try withTemporaryFolder { folder in
      let array = try openV2(zarray(["compressor": compressor]), folder)
      try Data(bytes).write(to: folder.appendingPathComponent("1.1"))
      return message { _ = try array.read(array.extent.box, as: UInt16.self) }
    }
  }

  @Test func aRawChunkOfTheWrongLengthIsNamedWithBothNumbers() throws {
    for count in [0, 1, 11, 13, 24] {
      let error = try reading([UInt8](repeating: 1, count: count), compressor: "null")
      #expect(error.contains("chunk (1, 1)") && error.contains("/1.1"))
      #expect(error.contains("holds \(count) bytes, and 12 are expected (2×3 voxels of uint16)"))
    }
  }

  static let compressors = [
    #"{"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}"#,
    #"{"id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 2, "blocksize": 0}"#, #"{"id": "zstd", "level": 3}"#,
    #"{"id": "zlib", "level": 3}"#, #"{"id": "gzip", "level": 3}"#, #"{"id": "lz4"}"#, #"{"id": "bz2", "level": 1}"#,
  ]

  /// A chunk as Weft writes it, of 64 × 64 voxels.
  private func chunk(_ compressor: String) throws -> [UInt8] {
    try withTemporaryFolder { folder in
      let array = try openV2(zarray(["shape": "[64, 64]", "chunks": "[64, 64]", "compressor": compressor]), folder)
      try array.write(patternVoxels([64, 64], seed: 0, as: UInt16.self), at: [0, 0])
      return [UInt8](try Data(contentsOf: folder.appendingPathComponent("0.0")))
    }
  }

  @Test(arguments: compressors) func aTruncatedChunkIsAnErrorAtEveryLength(compressor: String) throws {
    let whole = try chunk(compressor)
    try withTemporaryFolder { folder in
      let array = try openV2(zarray(["shape": "[64, 64]", "chunks": "[64, 64]", "compressor": compressor]), folder)
      for count in stride(from: 0, to: whole.count, by: max(1, whole.count / 97)) {
        try Data(whole.prefix(count)).write(to: folder.appendingPathComponent("0.0"))
        let error = message { _ = try array.read(array.extent.box, as: UInt16.self) }
        #expect(error.contains("chunk (0, 0)"), "\(count) of \(whole.count) bytes")
      }
    }
  }

  @Test(arguments: compressors) func damagedBytesAreNeverACrash(compressor: String) throws {
    let whole = try chunk(compressor)
    var random = SeededGenerator(seed: 1)
    try withTemporaryFolder { folder in
      let array = try openV2(zarray(["shape": "[64, 64]", "chunks": "[64, 64]", "compressor": compressor]), folder)
      for _ in 0..<200 {
        var bytes = whole
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          let place = Int.random(in: 0..<min(bytes.count, Bool.random(using: &random) ? 32 : bytes.count), using: &random)
          bytes[place] = UInt8.random(in: 0...255, using: &random)
        }
        try Data(bytes).write(to: folder.appendingPathComponent("0.0"))
        // Without a checksum a damaged byte may pass as another voxel; the count of voxels always stands.
        if let voxels = try? array.read(array.extent.box, as: UInt16.self) { #expect(voxels.count == 4096) }
      }
    }
  }

  @Test(arguments: compressors) func aChunkOfAnotherShapeIsAnError(compressor: String) throws {
    let whole = try chunk(compressor)
    for (chunks, count) in [("[64, 63]", 8064), ("[64, 65]", 8320), ("[2, 3]", 12)] {
      try withTemporaryFolder { folder in
        let array = try openV2(zarray(["shape": "[64, 64]", "chunks": chunks, "compressor": compressor]), folder)
        try Data(whole).write(to: folder.appendingPathComponent("0.0"))
        let error = message { _ = try array.read(Box(lower: [0, 0], upper: [1, 1]), as: UInt16.self) }
        #expect(error.contains("\(count) are expected") && (error.contains("8192") || error.contains("more than \(count)")))
      }
    }
  }

  @Test(arguments: [1, 2, 3, 4]) func aChunkThatCannotBeAsLargeAsTheMetadataSayIsAnErrorBeforeMemoryIsTaken(compressor: Int) throws {
    let whole = try chunk(Self.compressors[compressor])
    try withTemporaryFolder { folder in
      let text = zarray(["shape": "[32768, 65536]", "chunks": "[32768, 65536]", "compressor": Self.compressors[compressor]])
      let array = try openV2(text, folder)
      try Data(whole).write(to: folder.appendingPathComponent("0.0"))
      let error = message { _ = try array.read(Box(lower: [0, 0], upper: [1, 1]), as: UInt16.self) }
      #expect(error.contains("4294967296 are expected"))
    }
  }

  @Test func aTypeThatLiesIsAnError() throws {
    let whole = try chunk(Self.compressors[0])
    try withTemporaryFolder { folder in
      let text = zarray(["shape": "[64, 64]", "chunks": "[64, 64]", "dtype": "\"<f4\"", "compressor": Self.compressors[0]])
      let array = try openV2(text, folder)
      try Data(whole).write(to: folder.appendingPathComponent("0.0"))
      #expect(message { _ = try array.read(array.extent.box, as: Float.self) }.contains("holds 8192 bytes, and 16384 are expected"))
    }
  }

  @Test func aWrongChecksumIsAnError() throws {
    try withTemporaryFolder { folder in
      let array = try openV3(zarrJSON(["codecs": #"["bytes", "crc32c"]"#]), folder)
      try array.write(patternVoxels([4, 6], seed: 0, as: UInt16.self), at: [0, 0])
      let file = folder.appendingPathComponent("c/0/0")
      var bytes = try Data(contentsOf: file)
      bytes[3] ^= 1
      try bytes.write(to: file)
      #expect(message { _ = try array.read(array.extent.box, as: UInt16.self) }.contains("damaged: it cannot be decoded as crc32c"))
    }
  }

  @Test func zstandardFramesWithoutAStatedLengthAreRead() throws {
    // 32 numbers 0 … 3, eight of each, through the streaming compressor without a content size.
    let frame: [UInt8] = [
      0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x58, 0x8C, 0x00, 0x00, 0x28, 0x00, 0x00, 0x01, 0x02, 0x03, 0x04, 0x00, 0xA0, 0x13, 0xD0, 0x5D, 0xAE,
      0x63, 0x32, 0x68, 0x03, 0x01, 0x00, 0x00,
    ]
    try withTemporaryFolder { folder in
      let text = zarray(["shape": "[32]", "chunks": "[32]", "compressor": #"{"id": "zstd", "level": 3}"#])
      let array = try openV2(text, folder)
      try Data(frame).write(to: folder.appendingPathComponent("0"))
      #expect(try array.read(array.extent.box, as: Int32.self).elements == (0..<32).map { Int32($0 / 8) })
    }
  }

  @Test func aCastagnoliChecksumIsNotTheOtherOne() throws {
    // RFC 3720, B.4: 32 bytes of zeros have the checksum AA 36 91 8A.
    try withTemporaryFolder { folder in
      let grid = #"{"name": "regular", "configuration": {"chunk_shape": [32]}}"#
      let text = zarrJSON([
        "shape": "[32]", "data_type": "\"uint8\"", "chunk_grid": grid, "codecs": #"["bytes", "crc32c"]"#, "fill_value": "1",
      ])
      let array = try openV3(text, folder)
      try put("", "unused", in: folder.appendingPathComponent("c"))
      try Data([UInt8](repeating: 0, count: 32) + [0xAA, 0x36, 0x91, 0x8A]).write(to: folder.appendingPathComponent("c/0"))
      #expect(try array.read(array.extent.box, as: UInt8.self).elements == [UInt8](repeating: 0, count: 32))
    }
  }
}
