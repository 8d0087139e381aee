// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import TestSupport
import Testing
import Volumes

/// Values on a web server, what goes wrong there, and how often it is asked.
struct WebStoreTests {
  private func withServer(_ body: (_ address: String, _ files: LocalStore, _ log: () throws -> [String]) throws -> Void) throws {
    try withTemporaryFolder { folder in
      let files = LocalStore(directory: folder.path + "/files")
      try files.put("there", Array("what is there".utf8))
      let log = folder.path + "/log"
      guard let server = try LocalServer("web_server.py", [files.directory, log]) else { return }
      try body(server.address, files) {
        try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
      }
    }
  }

  private func store(_ address: String, attempts: Int = 3) throws -> WebStore {
    var patience = WebStore.Patience()
    (patience.pause, patience.attempts, patience.idle) = (0.01, attempts, 1)
    return try WebStore(address, patience: patience)
  }

  @Test(arguments: [
    ("refused", "the server answers 403", 1), ("broken", "the server answers 500 (after 3 attempts)", 3),
    ("flaky/9", "the server answers 503 (after 3 attempts)", 3), ("short/9", "(after 3 attempts)", 3),
  ])
  func whatFailsIsNamedAndTriedAgainWhereThatMayHelp(kind: String, reason: String, times: Int) throws {
    try withServer { address, _, log in
      let store = try store("\(address)/\(kind)")
      let told = message { _ = try store.get("there") }
      #expect(told.contains("\(address)/\(kind)/there cannot be read") && told.contains(reason), "\(told)")
      #expect(try log().count == times)
      #expect(!store.contains("there") || kind == "short/9")
    }
  }

  @Test func aServerThatSaysNothingIsGivenUp() throws {
    try withServer { address, _, _ in
      let told = message { _ = try store("\(address)/silent", attempts: 2).get("there") }
      #expect(told.contains("(after 2 attempts)"), "\(told)")
    }
  }

  @Test func whereNobodyListensIsTold() throws {
    let told = message { _ = try store("http://127.0.0.1:9", attempts: 2).get("there") }
    #expect(told.contains("http://127.0.0.1:9/there cannot be read") && told.contains("onnect"), "\(told)")
  }

  @Test(arguments: ["http://", "s3://", "https:///image", "s3:///image"]) func addressesWithoutAHostAreRefused(address: String) {
    #expect(message { _ = try WebStore(address) }.contains("names no host"))
  }

  @Test func redirectionsAreFollowed() throws {
    try withServer { address, files, _ in
      let (found, expected) = (try store("\(address)/moved").get("there"), try files.get("there"))
      #expect(found == expected)
    }
  }

  /// It may be a secret: it is sent, and not told.
  @Test func whatFollowsAQuestionMarkGoesWithEachRequest() throws {
    try withServer { address, files, log in
      let store = try store("\(address)/plain?token=abc")
      let (found, expected) = (try store.get("there"), try files.get("there"))
      #expect(found == expected)
      #expect(try log() == ["GET /plain/there?token=abc "])
      #expect(store.name(of: "there") == "\(address)/plain/there")
    }
  }

  @Test func anAnswerIsAskedForOnce() throws {
    try withServer { address, _, log in
      let store = try store("\(address)/plain")
      for _ in 0..<3 {
        _ = try store.get("there")
        _ = try store.get("missing")
        _ = try store.get("there", .last(4))
      }
      #expect(try log().sorted() == ["GET /plain/missing ", "GET /plain/there ", "GET /plain/there bytes=-4"])
    }
  }

  /// Of a shard its index and the chunks that are needed are fetched, each once, and many at a time.
  @Test func aShardIsReadInParts() throws {
    try withServer { address, files, log in
      let metadata = ArrayMetadata(format: .v3, extent: [40, 40], chunk: [10, 10], shard: [40, 40], voxelType: .uint16)
      let array = try ChunkedArray.create(in: files, node: "a", metadata)
      let voxels = patternVoxels([40, 40], seed: 1, as: UInt16.self)
      try array.write(voxels, at: [0, 0])
      let far = try ChunkedArray.open(in: store("\(address)/plain"), node: "a")
      let box = Box(lower: [5, 10], upper: [11, 30])
      #expect(try far.read(box, as: UInt16.self) == voxels.cropped(to: box))
      let lines = try log().filter { $0.contains("/c/0/0") }
      #expect(lines.count == 5 && Set(lines).count == 5 && lines.allSatisfy { $0.contains("bytes=") }, "\(lines)")
      #expect(try far.read(far.extent.box, as: UInt16.self) == voxels)
    }
  }
}
