// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

struct MetadataV3Tests {
  private func keys(_ text: String) throws -> [String] {
    try withTemporaryFolder { folder in
      let array = try openV3(text, folder)
      try array.write(VoxelBuffer<UInt8>(extent: array.extent, repeating: 1), at: [0, 0])
      return files(in: folder).filter { $0 != "zarr.json" }
    }
  }

  @Test func chunkKeysFollowTheirEncoding() throws {
    let table = [
      #"{"name": "default", "configuration": {"separator": "/"}}"#: "c/1/1", #"{"name": "default"}"#: "c/1/1",
      #"{"name": "default", "configuration": {"separator": "."}}"#: "c.1.1", #"{"name": "v2"}"#: "1.1", "\"default\"": "c/1/1",
      #"{"name": "v2", "configuration": {"separator": "/"}}"#: "1/1", "null": "c/1/1",
    ]
    for (encoding, key) in table { #expect(try keys(zarrJSON(["chunk_key_encoding": encoding])).last == key) }
  }

  @Test(arguments: [
    #"["bytes"]"#, #"[{"name": "bytes"}]"#, #"[{"name": "bytes", "configuration": {"endian": "big"}}, "crc32c"]"#,
    #"["bytes", {"name": "zstd", "configuration": {"level": 1, "checksum": true}}, {"name": "crc32c"}]"#,
    #"["bytes", {"name": "zstd"}]"#, #"["bytes", {"name": "gzip", "configuration": {"level": 1}}, "zstd", "crc32c"]"#,
    #"["bytes", {"name": "blosc", "configuration": {"cname": "zstd", "clevel": 1, "shuffle": "bitshuffle", "typesize": 2, "blocksize": 0}}]"#,
    #"["bytes", {"name": "blosc", "configuration": {"cname": "lz4", "clevel": 1, "shuffle": "noshuffle", "blocksize": 0}}]"#,
    #"[{"name": "transpose", "configuration": {"order": [1, 0]}}, "bytes"]"#, #"["bytes", {"name": "numcodecs.lz4"}]"#,
    #"["bytes", {"name": "numcodecs.bz2", "configuration": {"level": 1}}]"#, #"["bytes", {"name": "numcodecs.zlib"}]"#,
  ]) func codecsAreReadAsObjectsAndAsBareNames(codecs: String) throws {
    let voxels = patternVoxels([4, 6], seed: 0, as: UInt16.self)
    try withTemporaryFolder { folder in
      let array = try openV3(zarrJSON(["codecs": codecs]), folder)
      try array.write(voxels, at: [0, 0])
      #expect(try array.read(array.extent.box, as: UInt16.self) == voxels)
      // What Weft writes of the same metadata says the same.
      let copy = folder.appendingPathComponent("copy")
      #expect(try ChunkedArray.create(at: copy.path, array.metadata).metadata == ChunkedArray.open(at: copy.path).metadata)
    }
  }

  @Test func writtenCodecsAreObjectsAndSingleBytesHaveNoEndian() throws {
    try withTemporaryFolder { folder in
      let metadata = ArrayMetadata(
        format: .v3, extent: [4, 6], chunk: [2, 3], voxelType: .uint8, compression: .zstd(level: 3), dimensionNames: ["y", "x"])
      _ = try ChunkedArray.create(at: folder.path, metadata)
      let json =
        try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("zarr.json"))) as? [String: Any] ?? [:]
      let codecs = json["codecs"] as? [[String: Any]] ?? []
      #expect(codecs.map { $0["name"] as? String } == ["bytes", "zstd"])
      #expect(codecs.first?["configuration"] == nil)
      #expect((codecs.last?["configuration"] as? [String: Any])?["checksum"] as? Bool == false)
      #expect(json["dimension_names"] as? [String] == ["y", "x"])
      #expect(json["fill_value"] as? Int == 0)
    }
  }

  @Test func everyFormOfFillValueIsRead() throws {
    let table: [(String, String, Double)] = [
      ("uint16", "7", 7), ("float32", "\"NaN\"", .nan), ("float32", "NaN", .nan), ("float32", "\"Infinity\"", .infinity),
      ("float32", "\"0x7fc00000\"", .nan), ("float32", "\"0x3f800000\"", 1), ("float64", "\"0x3ff0000000000000\"", 1), ("bool", "true", 1),
      ("int8", "-128", -128),
    ]
    for (type, text, value) in table {
      try withTemporaryFolder { folder in
        let array = try openV3(zarrJSON(["data_type": "\"\(type)\"", "fill_value": text]), folder)
        let read = try array.read(Box(lower: [0, 0], upper: [1, 1]), as: Double.self).elements[0]
        #expect(read == value || (read.isNaN && value.isNaN), "\(text) as \(type)")
      }
    }
  }

  @Test func whatNeedNotBeUnderstoodIsPassedOver() throws {
    try withTemporaryFolder { folder in
      let array = try openV3(zarrJSON(["consolidated_metadata": #"{"must_understand": false, "kind": "inline"}"#]), folder)
      #expect(array.extent == [4, 6])
    }
  }

  @Test func namesOfAxesAreKept() throws {
    try withTemporaryFolder { folder in
      let array = try openV3(zarrJSON(["dimension_names": #"["y", null]"#]), folder)
      #expect(array.metadata.dimensionNames == ["y", nil])
    }
  }

  @Test(
    arguments: [
      (["codecs": #"[{"name": "bytes"}, {"name": "lzma9"}]"#], "codec `lzma9` is not supported"),
      (["codecs": #"[{"name": "vlen-utf8"}]"#], "codec `vlen-utf8` is not supported"), (["codecs": "[]"], "not a list of codecs"),
      (["codecs": #"[{"name": "transpose", "configuration": {"order": [1, 0]}}]"#], "lacks `bytes`"),
      (["codecs": #"[{"name": "transpose", "configuration": {"order": "F"}}, "bytes"]"#], "`transpose` has the order \"F\""),
      (["codecs": #"[{"name": "bytes", "configuration": {"endian": "middle"}}]"#], "`middle`"),
      (["codecs": #"[{"name": "sharding_indexed", "configuration": {"chunk_shape": [1, 1]}}]"#], "`index_codecs` lacks `bytes`"),
      (["data_type": "\"complex64\""], "`complex64` are not supported"), (["data_type": #"{"name": "datetime"}"#], "`datetime`"),
      (["chunk_grid": #"{"name": "rectangular"}"#], "chunk grid \"rectangular\""),
      (["chunk_key_encoding": #"{"name": "suffix"}"#], "key encoding"),
      (["dimension_names": #"["x"]"#], "1 names for 2 axes"), (["storage_transformers": #"[{"name": "dedupe"}]"#], "`dedupe`"),
      (["new_thing": #"{"must_understand": true}"#], "extension `new_thing`"), (["node_type": "\"thing\""], "node type \"thing\""),
      (["fill_value": "null"], ""), (["shape": "[4, 6, 1]"], "shape has 3 axes"),
    ] as [([String: String], String)]) func whatCannotBeReadIsNamed(changes: [String: String], expected: String) throws
  {
    try withTemporaryFolder { folder in
      let found = message { _ = try openV3(zarrJSON(changes), folder) }
      if expected.isEmpty {
        #expect(found.isEmpty, "null stands for zero")
      } else {
        #expect(found.contains(expected) && found.contains(folder.path + "/zarr.json"))
      }
    }
  }

  @Test func theFillValueIsRequired() throws {
    try withTemporaryFolder { folder in
      #expect(message { _ = try openV3(zarrJSON(without: ["fill_value"]), folder) }.contains("`fill_value` is missing"))
    }
  }
}
