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
    ("refused", "the server answers 403", 1), ("begin", "were asked for (after 3 attempts)", 3),
    ("broken", "the server answers 500 (after 3 attempts)", 3),
    ("flaky/9", "the server answers 503 (after 3 attempts)", 3), ("short/9", "(after 3 attempts)", 3),
  ])
  func whatFailsIsNamedAndTriedAgainWhereThatMayHelp(kind: String, reason: String, times: Int) throws {
    try withServer { address, _, log in
      let store = try store("\(address)/\(kind)")
      let told = message { _ = try store.get("there", .bytes(offset: 3, count: 4)) }
      #expect(told.contains("\(address)/\(kind)/there cannot be read") && told.contains(reason), "\(told)")
      #expect(try log().count == times)
      #expect(!store.contains("there") || ["short/9", "begin"].contains(kind))
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

  /// The server checks signatures by another implementation (botocore's).
  @Test func requestsToS3AreSigned() throws {
    try withTemporaryFolder { folder in
      let files = LocalStore(directory: folder.path + "/files")
      let values: [String: [UInt8]] = ["a.ome.zarr/zarr.json": [1, 2, 3], "a.ome.zarr/c 0/ü+&": Array(0..<100)]
      for (key, value) in values { try files.put(key, value) }
      let credentials = folder.path + "/credentials"
      guard let server = try LocalServer("s3_server.py", [files.directory, credentials]) else { return }
      let words = try String(contentsOfFile: credentials, encoding: .utf8).split(separator: " ").map(String.init)
      var environment = ["AWS_ENDPOINT_URL": server.address, "AWS_ACCESS_KEY_ID": words[0], "AWS_SECRET_ACCESS_KEY": words[1]]
      let store = try WebStore("s3://images/a.ome.zarr", environment: environment)
      let (whole, part) = (try store.get("c 0/ü+&"), try store.get("c 0/ü+&", .bytes(offset: 10, count: 5)))
      #expect(whole == values["a.ome.zarr/c 0/ü+&"] && part == ValuePart(bytes: [10, 11, 12, 13, 14], total: 100))
      let missing = try store.get("not there")
      #expect(missing == nil && store.contains("zarr.json") && !store.contains("not there"))
      environment["AWS_SECRET_ACCESS_KEY"] = "another"
      for wrong in [environment, ["AWS_ENDPOINT_URL": server.address]] {
        let told = message { _ = try WebStore("s3://images/a.ome.zarr", environment: wrong).get("zarr.json") }
        #expect(told.contains("s3://images/a.ome.zarr/zarr.json cannot be read: the server answers 403"), "\(told)")
      }
    }
  }
}
