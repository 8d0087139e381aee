// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

struct MetadataV2Tests {
  /// The keys of the chunks that an array written through Weft has.
  private func keys(_ text: String) throws -> [String] {
    try withTemporaryFolder { folder in
      let array = try openV2(text, folder)
      try array.write(VoxelBuffer<UInt8>(extent: array.extent, repeating: 1), at: [0, 0])
      return files(in: folder).filter { $0 != ".zarray" }
    }
  }

  @Test func theSeparatorIsADotUnlessTheFileSaysSlash() throws {
    #expect(try keys(zarray()) == ["0.0", "0.1", "1.0", "1.1"])
    #expect(try keys(zarray(["dimension_separator": "null"])) == ["0.0", "0.1", "1.0", "1.1"])
    #expect(try keys(zarray(["dimension_separator": "\"/\""])) == ["0/0", "0/1", "1/0", "1/1"])
  }

  @Test func whatIsWrittenNamesSlashNullFiltersAndNumberZero() throws {
    try withTemporaryFolder { folder in
      let metadata = ArrayMetadata(format: .v2, extent: [4, 6], chunk: [2, 3], voxelType: .uint8, compression: .zstd(level: 3))
      _ = try ChunkedArray.create(at: folder.path, metadata)
      let json = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent(".zarray"))) as? [String: Any] ?? [:]
      #expect(json["dimension_separator"] as? String == "/")
      #expect(json["filters"] is NSNull)
      #expect(json["fill_value"] as? Int == 0)
      #expect(json["dtype"] as? String == "|u1")
      #expect(json["order"] as? String == "C")
      #expect((json["compressor"] as? [String: Any])?.keys.sorted() == ["id", "level"])
    }
  }

  @Test func typesAreReadInEveryByteOrder() throws {
    let table: [(String, VoxelType)] = [
      ("|u1", .uint8), ("<u1", .uint8), (">u1", .uint8), ("|i1", .int8), ("|b1", .uint8), ("<u2", .uint16), (">u2", .uint16),
      ("<i4", .int32), (">u8", .uint64), ("<f4", .float32), (">f8", .float64),
    ]
    for (name, type) in table {
      try withTemporaryFolder { folder in
        let array = try openV2(zarray(["dtype": "\"\(name)\""]), folder)
        #expect(array.voxelType == type)
      }
    }
  }

  @Test func everyFormOfFillValueIsRead() throws {
    let table: [(String, String, Double)] = [
      ("<u2", "null", 0), ("<u2", "65535", 65535), ("<u2", "3.0", 3), ("<f4", "\"NaN\"", .nan), ("<f4", "NaN", .nan),
      ("<f4", "\"Infinity\"", .infinity), ("<f4", "-Infinity", -.infinity), ("<f8", "\"-Infinity\"", -.infinity), ("<f4", "0.5", 0.5),
      ("|b1", "true", 1), ("<u8", "18446744073709551615", 0x1p64),
    ]
    for (type, text, value) in table {
      try withTemporaryFolder { folder in
        let array = try openV2(zarray(["dtype": "\"\(type)\"", "fill_value": text]), folder)
        let read = try array.read(Box(lower: [0, 0], upper: [1, 1]), as: Double.self).elements[0]
        #expect(read == value || (read.isNaN && value.isNaN), "\(text) as \(type)")
      }
    }
    try withTemporaryFolder { folder in
      let array = try openV2(zarray(without: ["fill_value"]), folder)
      #expect(try array.read(Box(lower: [0, 0], upper: [1, 1]), as: Int8.self).elements == [0])
    }
  }

  @Test func fillValuesAreWrittenAsTheSpecificationSays() throws {
    for (fill, text) in [(FillValue.real(.nan), "\"NaN\""), (.real(-.infinity), "\"-Infinity\""), (0, "0"), (.real(1.5), "1.5")] {
      try withTemporaryFolder { folder in
        let metadata = ArrayMetadata(format: .v2, extent: [4], chunk: [4], voxelType: .float32, fillValue: fill)
        _ = try ChunkedArray.create(at: folder.path, metadata)
        #expect(try String(contentsOf: folder.appendingPathComponent(".zarray"), encoding: .utf8).contains("\"fill_value\" : \(text)"))
        #expect(try ChunkedArray.open(at: folder.path).metadata == metadata)
      }
    }
  }

  @Test(arguments: [
    #"{"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": -1, "blocksize": 0}"#,
    #"{"id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 2, "blocksize": 0, "typesize": 2}"#,
    #"{"id": "zstd", "level": 3, "checksum": true}"#, #"{"id": "zlib", "level": 3}"#, #"{"id": "gzip", "level": 3}"#, #"{"id": "lz4"}"#,
    #"{"id": "bz2", "level": 1}"#, "null",
  ]) func compressorsAreKnown(compressor: String) throws {
    let voxels = patternVoxels([4, 6], seed: 0, as: UInt16.self)
    try withTemporaryFolder { folder in
      let array = try openV2(zarray(["compressor": compressor]), folder)
      try array.write(voxels, at: [0, 0])
      #expect(try array.read(array.extent.box, as: UInt16.self) == voxels)
    }
  }

  @Test(
    arguments: [
      (["compressor": #"{"id": "jpeg2k"}"#], "codec `jpeg2k` is not supported"), (["dtype": "\"<c8\""], "`<c8` are not supported"),
      (["dtype": "\"<c8\""], "`<c8` are not supported"), (["dtype": #"[["a", "<u2"]]"#], "not a number format"),
      (["filters": #"[{"id": "delta", "dtype": "<u2"}]"#], "filter `delta`"), (["order": "\"K\""], "`order` is `K`"),
      (["fill_value": "-1"], "fill value -1 is no uint16"), (["fill_value": "\"NaN\""], "is no uint16"),
      (["fill_value": "1.5"], "is no uint16"),
      (["shape": "[4]"], "shape has 1 axes"), (["shape": "[4, -6]"], "`shape` holds -6"), (["chunks": "[2, 0]"], "`chunks` holds 0"),
      (["chunks": "\"2\""], "`chunks` is not a list"), (["shape": "[4000000000, 4000000000]"], "larger than any disk"),
      (["shape": "[9223372036854775807, 9223372036854775807]"], "larger than any disk"), (["shape": "[1e400, 6]"], "not valid JSON"),
      (["shape": "[1e30, 6]"], "`shape` holds"), (["chunks": "[100000, 100000]"], "larger than 4 GiB"), (["zarr_format": "7"], "is not 2"),
      (["compressor": #"{"id": "blosc", "cname": "nothing"}"#], "no compressor `nothing`"),
      (["compressor": #"{"id": "blosc", "cname": "lz4", "shuffle": 9}"#], "no shuffle 9"),
      (["dimension_separator": "\"-\""], "`dimension_separator` is `-`"),
    ] as [([String: String], String)]) func whatCannotBeReadIsNamed(changes: [String: String], expected: String) throws
  {
    try withTemporaryFolder { folder in
      let found = message { _ = try openV2(zarray(changes), folder) }
      #expect(found.contains(expected) && found.contains(folder.path + "/.zarray"))
    }
  }

  @Test(arguments: ["shape", "chunks", "dtype", "zarr_format"]) func aMissingMemberIsNamed(member: String) throws {
    try withTemporaryFolder { folder in
      #expect(message { _ = try openV2(zarray(without: [member]), folder) }.contains("`\(member)` is missing"))
    }
  }

  @Test(arguments: ["", "{", "[]", "nul", "{\"shape\": [4,}", "\u{0}"]) func damagedFilesAreErrors(text: String) throws {
    try withTemporaryFolder { folder in #expect(!message { _ = try openV2(text, folder) }.isEmpty) }
  }
}
