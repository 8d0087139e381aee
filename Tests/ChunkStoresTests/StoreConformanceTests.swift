// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import TestSupport
import Testing

/// What every store does alike.
struct StoreConformanceTests {
  enum Kind: String, CaseIterable {
    case memory, folder, archive, packedArchive, folderInArchive, server, serverWithoutRanges, unsteadyServer, serverThatBreaksOff
  }

  private static let values: [String: [UInt8]] = [
    "zarr.json": Array("{}".utf8), "empty": [], "a/b/c": Array(0..<200),
    "a/b/large": (0..<100_000).map { UInt8(truncatingIfNeeded: $0 * $0) },
    "a/with space & ünïcödé": [1, 2, 3], ".hidden": [7],
  ]

  /// A store that holds `values`; `nil` where it cannot be made here.
  private func withStore(_ kind: Kind, _ body: (any KeyValueStore) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let files = LocalStore(directory: folder.path + "/files")
      func fill(_ store: any KeyValueStore, _ prefix: String = "") throws {
        for (key, value) in Self.values { try store.put(prefix + key, value) }
      }
      func server(_ kind: String) throws {
        try fill(files)
        guard let server = try LocalServer("web_server.py", [files.directory, folder.path + "/log"]) else { return }
        var patience = WebStore.Patience()
        patience.pause = 0.01
        try body(try WebStore("\(server.address)/\(kind)", patience: patience))
      }
      func archive(_ method: String, prefix: String = "") throws {
        try fill(files, prefix)
        let path = folder.path + "/values.zip"
        guard python != nil else { return }
        let made = try runInteropScript("write_archive.py", [files.directory, path, method])
        try #require(made.status == 0, "\(made.output)")
        try body(try StoreLocation.store(at: path + (prefix.isEmpty ? "" : "/" + prefix)))
      }
      switch kind {
      case .memory:
        let store = CountingStore()
        try fill(store)
        try body(store)
      case .folder:
        try fill(files)
        try body(files)
      case .archive: try archive("stored")
      case .packedArchive: try archive("deflated")
      case .folderInArchive: try archive("stored", prefix: "some/image.ome.zarr/")
      case .server: try server("plain")
      case .serverWithoutRanges: try server("whole")
      case .unsteadyServer: try server("flaky/2")
      case .serverThatBreaksOff: try server("short/1")
      }
    }
  }

  @Test(arguments: Kind.allCases) func valuesAreReadWholeAndInParts(_ kind: Kind) throws {
    try withStore(kind) { store in
      for (key, value) in Self.values {
        #expect(try store.get(key) == value, "\(key)")
        let ranges: [ByteRange] = [
          .bytes(offset: 0, count: 10), .bytes(offset: 50, count: 100), .bytes(offset: 190, count: 100), .bytes(offset: 99_990, count: 100),
          .bytes(offset: 200_000, count: 5), .bytes(offset: 3, count: 0), .last(16), .last(1_000_000),
        ]
        for range in ranges {
          let part = try store.get(key, range)
          #expect(part?.bytes == Array(value[range.clamped(to: value.count)]), "\(key) \(range)")
          #expect(part?.total == value.count, "\(key) \(range)")
        }
        let several = try store.get(ranges.map { ValueRequest(key, $0) } + [ValueRequest(key), ValueRequest("not there")])
        #expect(several.dropLast(2).map { $0?.bytes } == ranges.map { Array(value[$0.clamped(to: value.count)]) }, "\(key)")
        #expect(several[ranges.count]?.bytes == value && several.last! == nil, "\(key)")
      }
    }
  }

  /// A file that is read whole is compared with its checksum.
  @Test func aDamagedFileOfAnArchiveIsRefused() throws {
    guard python != nil else { return }
    try withTemporaryFolder { folder in
      let files = LocalStore(directory: folder.path + "/files")
      try files.put("value", Array("voxels that nobody else has".utf8))
      let archive = folder.path + "/values.zip"
      try #require(runInteropScript("write_archive.py", [files.directory, archive, "stored"]).status == 0)
      var bytes = try Data(contentsOf: URL(fileURLWithPath: archive))
      let place = try #require(bytes.range(of: Data("nobody".utf8)))
      bytes[place.lowerBound] ^= 1
      try bytes.write(to: URL(fileURLWithPath: archive))
      let told = message { _ = try ZipStore(archive).get("value") }
      #expect(told.contains("\(archive)/value is damaged"), "\(told)")
    }
  }

  @Test(arguments: Kind.allCases) func whatIsNotThereIsNoError(_ kind: Kind) throws {
    try withStore(kind) { store in
      for key in ["missing", "a/b/c/d", "zarr"] {
        let (whole, part) = (try store.get(key), try store.get(key, .last(4)))
        #expect(whole == nil && part == nil, "\(key)")
      }
      for key in ["missing", "a/b/c/d"] { #expect(!store.contains(key), "\(key)") }
      for key in Self.values.keys { #expect(store.contains(key), "\(key)") }
    }
  }

  @Test(arguments: Kind.allCases) func namesAreListedWhereTheStoreKnowsThem(_ kind: Kind) throws {
    try withStore(kind) { store in
      guard store.listsNames else {
        #expect(store.names(below: "").isEmpty)
        return
      }
      #expect(Set(store.names(below: "")) == ["zarr.json", "empty", "a", ".hidden"])
      #expect(Set(store.names(below: "a/b")) == ["c", "large"])
      #expect(store.names(below: "missing").isEmpty)
    }
  }

  @Test(arguments: Kind.allCases) func noKeyLeavesTheStore(_ kind: Kind) throws {
    try withStore(kind) { store in
      for key in ["", "/", "..", "a/../zarr.json", "./zarr.json", "a//b", "a/"] {
        #expect(throws: ChunkStoreError.self, "\(key)") { try store.get(key) }
        #expect(throws: ChunkStoreError.self, "\(key)") { try store.get(key, .last(1)) }
      }
    }
  }

  @Test(arguments: Kind.allCases) func whatIsWrittenIsReadOrRefused(_ kind: Kind) throws {
    try withStore(kind) { store in
      let refusal = message { try store.put("a/new", [1, 2]) }
      if !refusal.isEmpty {
        #expect(refusal.contains("read and not written"))
        #expect(throws: ChunkStoreError.self) { try store.remove("empty") }
        #expect(try store.get("empty") == [])
        return
      }
      #expect(try store.get("a/new") == [1, 2])
      try store.remove("a/new")
      let removed = try store.get("a/new")
      #expect(removed == nil)
    }
  }
}
