// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// Zarr images whose chunks or metadata are damaged or lie.
struct BadStoreTests {
  @Test func aChunkThatIsTooShortIsNamedWithBothSizes() async throws {
    try await withStores { folder in
      try folder.zarr("cut.zarr", chunkBytes: 5000)
      await expectError("register @a.zarr @cut.zarr -o @out", in: folder, ["cut.zarr/0/0/0/0", "5000 bytes", "8192"])
      await expectError("evaluate --images @a.zarr @cut.zarr", in: folder, ["cut.zarr/0/0/0/0"])
      #expect(!folder.names().contains("out"))
    }
  }

  @Test(arguments: [
    #"{"id": "blosc", "cname": "lz4", "clevel": 5, "shuffle": 1, "blocksize": 0}"#, #"{"id": "zstd", "level": 1}"#,
    #"{"id": "zlib", "level": 1}"#,
    #"{"id": "gzip", "level": 1}"#, #"{"id": "bz2", "level": 1}"#, #"{"id": "lz4", "acceleration": 1}"#,
  ])
  func aFrameThatCannotBeDecodedIsNamed(compressor: String) async throws {
    try await withStores { folder in
      try folder.zarr("bad.zarr", compressor: compressor)
      await expectError("register @a.zarr @bad.zarr -o @out", in: folder, ["bad.zarr/0/0/0/0", "damaged"])
      #expect(!folder.names().contains("out"))
    }
  }

  @Test func aTypeThatLiesIsFoundByTheSizeOfItsChunks() async throws {
    try await withStores { folder in
      try folder.zarr("lie.zarr", type: "<f8")
      await expectError("register @a.zarr @lie.zarr -o @out", in: folder, ["lie.zarr/0/0/0/0", "8192 bytes", "32768"])
    }
  }

  @Test func aShapeThatLiesIsRefused() async throws {
    try await withStores { folder in
      try folder.zarr("huge.zarr")
      try replace("[16, 16, 16], \"chunks\"", "[1099511627776, 1099511627776, 1099511627776], \"chunks\"", "huge.zarr/0/.zarray", folder)
      try folder.zarr("negative.zarr")
      try replace("[16, 16, 16], \"chunks\"", "[16, -16, 16], \"chunks\"", "negative.zarr/0/.zarray", folder)
      for name in ["huge.zarr", "negative.zarr"] {
        await expectError("info @\(name)", in: folder, ["\(name)/0/.zarray", "shape"])
        await expectError("register @a.zarr @\(name) -o @out", in: folder, ["\(name)/0/.zarray"])
      }
    }
  }

  @Test func anUnknownCodecIsNamedWithThoseThatAreKnown() async throws {
    try await withStores { folder in
      try folder.zarr("odd.zarr", compressor: #"{"id": "superzip"}"#)
      await expectError("info @odd.zarr", in: folder, ["superzip", "zstd"])
    }
  }

  @Test func aLevelThatIsNotThereIsNamed() async throws {
    try await withStores { folder in
      try folder.zarr("hollow.zarr")
      try FileManager.default.removeItem(atPath: folder.path("hollow.zarr/0"))
      await expectError("info @hollow.zarr", in: folder, ["names the level `0`"])
      await expectError("info @a.zarr/7", in: folder, ["a.zarr/7", "does not exist"])
    }
  }

  @Test(arguments: ["[0, 1, 1]", "[1, -1, 1]", "[1e300, 1, 1]"])
  func aScaleThatMakesNoSenseIsRefusedUnlessTheUserGivesTheSpacing(scale: String) async throws {
    try await withStores { folder in
      try folder.zarr("bad.zarr", scale: scale)
      await expectError("info @bad.zarr", in: folder, ["bad.zarr", "--fixed-spacing"])
      await expectError("register @bad.zarr @a.zarr -o @out", in: folder, ["bad.zarr"])
      let given = await weft("info @bad.zarr --spacing 2,0.5,0.5", in: folder)
      #expect(given.status == .done && given.output.contains("2 0.5 0.5"), "\(given.errors)")
    }
  }

  @Test func aPlainArrayNeedsNamesForItsAxes() async throws {
    try await withStores { folder in
      try folder.put(
        #"{"zarr_format": 2, "shape": [2, 8, 8, 8], "chunks": [2, 8, 8, 8], "dtype": "|u1", "compressor": null, "fill_value": 0, "order": "C", "filters": null}"#,
        "plain.zarr/.zarray")
      await expectError("info @plain.zarr", in: folder, ["plain.zarr has 4 axes and does not name them", "--axes"])
      await expectError("info @plain.zarr --axes cyx", in: folder, ["--axes cyx names 3 axes"])
      await expectError("info @plain.zarr --axes qqqq", in: folder, ["--axes qqqq is not understood"])
      let named = await weft("info @plain.zarr --axes czyx", in: folder)
      #expect(named.status == .done && named.output.contains("8×8×8"))
    }
  }

  private func replace(_ old: String, _ new: String, _ name: String, _ folder: ImageFolder) throws {
    let text = try String(contentsOfFile: folder.path(name), encoding: .utf8)
    try #require(text.contains(old))
    try folder.put(text.replacingOccurrences(of: old, with: new), name)
  }

  private func withStores(_ body: (ImageFolder) async throws -> Void) async throws {
    try await withTemporaryFolder { url in
      let folder = ImageFolder(url)
      try folder.zarr("a.zarr")
      try await body(folder)
    }
  }
}
