// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

/// One array of a manifest that a script and a test share.
private struct Entry: Codable {
  var name: String
  var shape: [Int]
  var seed: Int
  var type: VoxelType
  var format: Int?
}

@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct InteropTests {
  @Test func arraysOfZarrPythonAndTensorstoreAreReadVoxelByVoxel() throws {
    try withTemporaryFolder { folder in
      let result = try runInteropScript("write_arrays.py", [folder.path])
      try #require(result.status == 0, "\(result.output)")
      #expect(try readManifest(folder) > 140)
    }
  }

  /// Reads every array of a folder's manifest; their number.
  private func readManifest(_ folder: URL) throws -> Int {
    let manifest = try JSONDecoder().decode([Entry].self, from: Data(contentsOf: folder.appendingPathComponent("manifest.json")))
    for entry in manifest {
      func check<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
        let array = try ChunkedArray.open(at: folder.appendingPathComponent(entry.name).path)
        try #require(array.extent.lengths == entry.shape && array.voxelType == entry.type, "\(entry.name)")
        var expected = patternVoxels(array.extent, seed: entry.seed, as: type)
        if entry.name.contains("half") { expected = expected.mapVoxels { Voxel.saturating(real: Double(Float16($0.double))) } }
        #expect(try array.read(array.extent.box, as: type) == expected, "\(entry.name)")
        let inner = Box(lower: entry.shape.map { $0 / 3 }, upper: entry.shape.map { $0 - $0 / 4 })
        #expect(try array.read(inner, as: type) == expected.cropped(to: inner), "\(entry.name)")
      }
      try check(entry.type.scalar)
    }
    return manifest.count
  }

  @Test(.enabled(if: interpreter("WEFT_ZARR2_PYTHON") != nil, "WEFT_ZARR2_PYTHON names no interpreter"))
  func zarrPython2WritesAndReadsTheSameArrays() throws {
    let zarr2 = interpreter("WEFT_ZARR2_PYTHON")
    try withTemporaryFolder { folder in
      let written = try runInteropScript("zarr2.py", ["write", folder.path], interpreter: zarr2)
      try #require(written.status == 0, "\(written.output)")
      #expect(try readManifest(folder) > 20)
      let sparse = try ChunkedArray.open(at: folder.appendingPathComponent("sparse").path)
      #expect(try sparse.read(sparse.extent.box, as: UInt8.self).elements.allSatisfy { $0 == 7 })
    }
    try withTemporaryFolder { folder in
      var manifest: [Entry] = []
      for (index, compression) in RoundTripTests.compressions.enumerated() where !"\(compression)".contains("snappy") {
        let metadata = ArrayMetadata(format: .v2, extent: [19, 33, 40], chunk: [8, 16, 32], voxelType: .uint16, compression: compression)
        manifest.append(try write("codec\(index)", metadata, in: folder, seed: index))
      }
      for type in VoxelType.allCases {
        manifest.append(
          try write("\(type)", ArrayMetadata(format: .v2, extent: [19, 33], chunk: [8, 16], voxelType: type), in: folder, seed: 9))
      }
      try JSONEncoder().encode(manifest).write(to: folder.appendingPathComponent("manifest.json"))
      let read = try runInteropScript("zarr2.py", ["read", folder.path], interpreter: zarr2)
      #expect(read.status == 0, "\(read.output)")
    }
  }

  @Test func zarrPythonAndTensorstoreReadWhatWeftWrites() throws {
    try withTemporaryFolder { folder in
      var manifest: [Entry] = []
      for format in [ZarrFormat.v2, .v3] {
        for (index, compression) in RoundTripTests.compressions.enumerated() where !"\(compression)".contains("snappy") {
          let metadata = ArrayMetadata(
            format: format, extent: [19, 33, 40], chunk: [8, 16, 32], voxelType: .uint16, compression: compression)
          manifest.append(try write("codec\(index)_v\(format.rawValue)", metadata, in: folder, seed: index))
        }
        for type in VoxelType.allCases {
          let metadata = ArrayMetadata(
            format: format, extent: [19, 33], chunk: [8, 16], voxelType: type, dimensionNames: format == .v3 ? ["y", nil] : nil)
          manifest.append(try write("\(type)_v\(format.rawValue)", metadata, in: folder, seed: 100))
        }
        for rank in 1...5 {
          let extent = Extent([7, 5, 9, 3, 6].prefix(rank).map(\.self))
          let metadata = ArrayMetadata(
            format: format, extent: extent, chunk: Extent([3, 2, 4, 3, 4].prefix(rank).map(\.self)), voxelType: .float32,
            fillValue: .real(.nan))
          manifest.append(try write("rank\(rank)_v\(format.rawValue)", metadata, in: folder, seed: rank))
        }
      }
      for (index, compression) in RoundTripTests.compressions.enumerated() where !"\(compression)".contains("snappy") {
        let metadata = ArrayMetadata(
          format: .v3, extent: [19, 33, 40], chunk: [4, 8, 16], shard: [8, 32, 16], voxelType: .uint16, compression: compression,
          isChecksummed: index % 2 == 0)
        manifest.append(try write("shards\(index)", metadata, in: folder, seed: index))
      }
      try JSONEncoder().encode(manifest).write(to: folder.appendingPathComponent("manifest.json"))
      let result = try runInteropScript("read_arrays.py", [folder.path])
      #expect(result.status == 0, "\(result.output)")
    }
  }

  private func write(_ name: String, _ metadata: ArrayMetadata, in folder: URL, seed: Int) throws -> Entry {
    func write<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
      let array = try ChunkedArray.create(at: folder.appendingPathComponent(name).path, metadata)
      try array.write(patternVoxels(metadata.extent, seed: seed, as: type), at: metadata.extent.lengths.map { _ in 0 })
    }
    try write(metadata.voxelType.scalar)
    return Entry(
      name: name, shape: metadata.extent.lengths, seed: seed, type: metadata.voxelType, format: metadata.format.rawValue)
  }
}
