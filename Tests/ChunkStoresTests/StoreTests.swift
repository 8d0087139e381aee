// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

struct StoreTests {
  @Test(arguments: [ZarrFormat.v2, .v3], ["", "a/b"])
  func storedChunksAreCountedAllAtOnceAsOneByOne(format: ZarrFormat, node: String) throws {
    let metadata = ArrayMetadata(format: format, extent: [3, 40, 70], chunk: [2, 10, 16], voxelType: .uint16)
    let voxels = patternVoxels([1, 20, 32], seed: 1, as: UInt16.self).mapVoxels { $0 | 1 }
    try withTemporaryFolder { folder in
      for store: any KeyValueStore in [CountingStore(), LocalStore(directory: folder.path)] {
        let array = try ChunkedArray.create(in: store, node: node, metadata)
        #expect(array.storedChunkCount() == 0)
        try array.write(voxels, at: [2, 20, 32])
        // What others leave there is no chunk.
        try store.put((node.isEmpty ? "" : node + "/") + (format == .v2 ? "" : "c/") + "0/0/.tmp-1", [0])
        try store.put((node.isEmpty ? "" : node + "/") + (format == .v2 ? "" : "c/") + "0/7/1", [0])
        #expect(array.storedChunkCount() == 4)
        #expect(array.storedChunkCount(in: array.extent.box) == 4)
      }
    }
  }

  @Test func aBoxFetchesEachChunkThatItMeetsOnceAndNoOther() throws {
    let store = CountingStore()
    let metadata = ArrayMetadata(format: .v3, extent: [40, 40], chunk: [10, 10], voxelType: .uint16)
    let array = try ChunkedArray.create(in: store, node: "a/b", metadata)
    let voxels = patternVoxels([40, 40], seed: 1, as: UInt16.self)
    try array.write(voxels, at: [0, 0])
    let box = Box(lower: [5, 10], upper: [11, 30])
    #expect(try array.read(box, as: Float.self) == voxels.cropped(to: box).converted(to: Float.self))
    #expect(store.fetched == ["a/b/c/0/1": [nil], "a/b/c/0/2": [nil], "a/b/c/1/1": [nil], "a/b/c/1/2": [nil]])
    #expect(try ChunkedArray.open(in: store, node: "a/b").path == "memory:a/b")
  }

  @Test(arguments: ["", "/", "/etc/passwd", "..", "a/../b", "a//b", "./a", "a/", "a/\u{0}"]) func keysThatLeaveTheStoreAreRefused(
    key: String
  ) throws {
    try withTemporaryFolder { folder in
      let store = LocalStore(directory: folder.path)
      #expect(throws: ChunkStoreError.self) { try store.get(key) }
      #expect(throws: ChunkStoreError.self) { try store.put(key, [1]) }
      #expect(throws: ChunkStoreError.self) { try store.remove(key) }
    }
  }

  @Test func valuesAreReplacedWhole() throws {
    try withTemporaryFolder { folder in
      let store = LocalStore(directory: folder.path + "/new/")
      #expect(try store.get("a/b") == nil)
      try store.put("a/b", [1, 2, 3])
      try store.put("a/b", [])
      #expect(try store.get("a/b") == [])
      #expect(try store.get("a/b/c") == nil)
      try store.remove("a/b")
      try store.remove("a/b")
      #expect(try store.get("a/b") == nil)
      #expect(files(in: folder).isEmpty)
    }
  }

  @Test func aFolderInPlaceOfAFileIsAnError() throws {
    try withTemporaryFolder { folder in
      let store = LocalStore(directory: folder.path)
      try store.put("a/b", [1])
      #expect(message { _ = try store.get("a") }.contains("cannot read \(folder.path)/a"))
      #expect(message { try store.put("a", [1]) }.contains("cannot write \(folder.path)/a"))
      #expect(files(in: folder) == ["a/b"], "no temporary file is left")
    }
  }

  @Test func aFileInPlaceOfAFolderIsAnError() throws {
    try withTemporaryFolder { folder in
      try put("", "a", in: folder)
      #expect(message { try LocalStore(directory: folder.path).put("a/b", [1]) }.contains(folder.path + "/a"))
    }
  }

  @Test(.enabled(if: getuid() != 0, "root may write anywhere")) func aFolderWithoutPermissionIsAnError() throws {
    try withTemporaryFolder { folder in
      try FileManager.default.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
      defer { try? FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
      #expect(message { try LocalStore(directory: folder.path).put("a", [1]) }.contains("no permission"))
    }
  }

  @Test func aPlaceWhereNobodyMayWriteIsAnError() throws {
    let metadata = ArrayMetadata(format: .v3, extent: [4], chunk: [4], voxelType: .uint8)
    let error = message { _ = try ChunkedArray.create(at: "/proc/weft/array", metadata) }
    #expect(error.contains("/proc/weft") && error.hasPrefix("cannot create the folder"))
  }

  @Test func aFullDiskIsAnErrorAndLeavesNothing() throws {
    try withSmallDisk(kilobytes: 64) { folder in
      let metadata = ArrayMetadata(format: .v3, extent: [1 << 20], chunk: [1 << 17], voxelType: .uint8, compression: .none)
      let array = try ChunkedArray.create(at: folder.path, metadata)
      let error = message { try array.write(VoxelBuffer<UInt8>(extent: array.extent, repeating: 1), at: [0]) }
      #expect(error.contains("the disk is full") && error.contains(folder.path))
      #expect(files(in: folder) == ["zarr.json"])
    }
  }

  @Test func aReadOnlyFileSystemIsAnError() throws {
    try withSmallDisk(kilobytes: 64) { folder in
      guard run(["mount", "-o", "remount,ro", folder.path]) else {
        print("skipped: a read-only file system, because none can be mounted here")
        return
      }
      let error = message { try LocalStore(directory: folder.path).put("a", [1]) }
      #expect(error.contains("the file system is read-only") && error.contains(folder.path))
    }
  }

  private func run(_ arguments: [String]) -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = arguments
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }

  /// Runs `body` on a file system of that size; where none can be mounted, says so and passes.
  private func withSmallDisk(kilobytes: Int, _ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      guard run(["mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", folder.path]) else {
        print("skipped: a full disk, because no file system can be mounted here")
        return
      }
      defer { _ = run(["umount", folder.path]) }
      try body(folder)
    }
  }
}
