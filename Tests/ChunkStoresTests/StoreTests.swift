// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

struct StoreTests {
  @Test(arguments: ["", "/", "/etc/passwd", "..", "a/../b", "a//b", "./a", "a/", "a/\u{0}"]) func keysThatLeaveTheStoreAreRefused(key: String) throws {
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

  /// Runs `body` on a file system of that size; where none can be mounted, says so and passes.
  private func withSmallDisk(kilobytes: Int, _ body: (URL) throws -> Void) throws {
    try withTemporaryFolder { folder in
      func run(_ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
      }
      guard run(["mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", folder.path]) else {
        print("skipped: a full disk, because no file system can be mounted here")
        return
      }
      defer { _ = run(["umount", folder.path]) }
      try body(folder)
    }
  }
}
