// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

/// N5 datasets, as the specification and other programs have them.
struct N5Tests {
  private struct Entry: Decodable {
    var name: String
    var shape: [Int]
    var seed: Int
    var type: VoxelType
  }

  @Test(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) func datasetsOfTensorstoreAreReadVoxelByVoxel() throws {
    try withTemporaryFolder { folder in
      let result = try runInteropScript("write_n5.py", [folder.path])
      try #require(result.status == 0, "\(result.output)")
      let manifest = try JSONDecoder().decode([Entry].self, from: Data(contentsOf: folder.appendingPathComponent("manifest.json")))
      #expect(manifest.count == 20)
      for entry in manifest {
        func check<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
          let array = try N5Array.open(in: LocalStore(directory: folder.path), node: entry.name)
          try #require(array.extent.lengths == entry.shape && array.voxelType == entry.type, "\(entry.name)")
          let expected = patternVoxels(array.extent, seed: entry.seed, as: type)
          #expect(try array.read(array.extent.box, as: type) == expected, "\(entry.name)")
          let inner = Box(lower: entry.shape.map { $0 / 3 }, upper: entry.shape.map { $0 - $0 / 4 })
          #expect(try array.read(inner, as: type) == expected.cropped(to: inner), "\(entry.name)")
        }
        try check(entry.type.scalar)
      }
    }
  }

  /// A dataset of 3 rows of 4 voxels in blocks of 2 × 3, with the block at index (y, x) = (1, 1): 1 × 1 voxel.
  private func reading(_ block: [UInt8], compression: String = "raw", changes: [String: String] = [:]) throws -> Result<
    [UInt16], ChunkStoreError
  > {
    try withTemporaryFolder { folder in
      var members = [
        "dimensions": "[4, 3]", "blockSize": "[3, 2]", "dataType": "\"uint16\"", "compression": "{\"type\": \"\(compression)\"}",
      ]
      members.merge(changes) { $1 }
      try put(
        "{" + members.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}", "attributes.json",
        in: folder.appendingPathComponent("a"))
      try FileManager.default.createDirectory(atPath: folder.path + "/a/1", withIntermediateDirectories: true)
      try Data(block).write(to: folder.appendingPathComponent("a/1/1"))
      do throws(ChunkStoreError) {
        let array = try N5Array.open(in: LocalStore(directory: folder.path), node: "a")
        return .success(try array.read(array.extent.box, as: UInt16.self).elements)
      } catch {
        return .failure(error)
      }
    }
  }

  private let header: [UInt8] = [0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1]

  @Test func blocksAreBigEndianShorterAtTheEndAndZeroWhereMissing() throws {
    let expected: [UInt16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0102]
    #expect(try reading(header + [1, 2]).get() == expected)
    // The number of elements may be told.
    #expect(try reading([0, 1] + header.dropFirst(2) + [0, 0, 0, 1, 1, 2]).get() == expected)
    // Attributes of before N5 2.0.
    #expect(try reading(header + [1, 2], changes: ["compression": "null", "compressionType": "\"raw\""]).get() == expected)
    // A block that is stored whole, though only its first voxel lies inside.
    let whole: [UInt8] = [0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 2] + [1, 2] + [UInt8](repeating: 9, count: 10)
    #expect(try reading(whole).get() == expected)
  }

  /// lz4-java's stream: a block that is stored, one that is packed (all literals), and the end.
  @Test func theBlockStreamOfJavaIsDecoded() throws {
    let magic = [UInt8]("LZ4Block".utf8)
    let stored = magic + [0x10, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0] + [1]
    let packed = magic + [0x20, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0] + [0x10, 2]
    let end = magic + [0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    #expect(try reading(header + stored + packed + end, compression: "lz4").get().last == 0x0102)
    #expect(try reading(header + stored + packed, compression: "lz4").get().last == 0x0102)
    let whole = stored + packed + end
    for count in 0..<whole.count where count != stored.count + packed.count {
      #expect(throws: ChunkStoreError.self, "\(count)") { try reading(header + whole.prefix(count), compression: "lz4").get() }
    }
    #expect(throws: ChunkStoreError.self) { try reading(header + stored + packed + packed + end, compression: "lz4").get() }
  }

  @Test func damagedBlocksAndAttributesAreNamedWithWhatIsWrong() throws {
    func error(_ block: [UInt8], compression: String = "raw", _ changes: [String: String] = [:]) throws -> String {
      if case .failure(let error) = try reading(block, compression: compression, changes: changes) { return error.message }
      return ""
    }
    #expect(try error([0, 0]).contains("/a/1/1 has 2 bytes, less than its header"))
    #expect(try error(header).contains("holds 0 bytes, and 2 are expected"))
    #expect(try error(header + [1, 2, 3]).contains("holds 3 bytes, and 2 are expected"))
    #expect(try error([0, 2] + header.dropFirst(2) + [1, 2]).contains("mode 2"))
    #expect(try error([0, 0, 0, 3] + header.dropFirst(4) + [1, 2]).contains("3 axes, and the dataset has 2"))
    #expect(try error([0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 1, 1, 2]).contains("is of 1×9 voxels, and the dataset's blocks are of 2×3"))
    #expect(try error([0, 0, 0, 2, 255, 255, 255, 255, 0, 0, 0, 1, 1, 2]).contains("the dataset's blocks are of 2×3"))
    #expect(try error(header + [1, 2], compression: "gzip").contains("cannot be decoded as gzip"))
    #expect(try error(header + [1, 2], compression: "xz").contains("the compression `xz` is not supported"))
    #expect(try error(header + [1, 2], ["dataType": "\"string\""]).contains("`string`"))
    #expect(try error(header + [1, 2], ["blockSize": "[3]"]).contains("2 axes"))
    #expect(try error(header + [1, 2], ["dimensions": "[4, -1]"]).contains("`dimensions`"))
  }
}
