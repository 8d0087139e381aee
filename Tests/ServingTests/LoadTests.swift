// SPDX-License-Identifier: Apache-2.0

import Foundation
import Serving
import TestSupport
import Testing

/// Many clients, slow ones, and large files.
@Suite(.serialized)
struct LoadTests {
  @Test func manyClientsAtOnceAllGetTheirBytes() async throws {
    var limits = ServerLimits()
    limits.connections = 8
    try await Served.with(limits: limits) { served in
      for i in 0..<16 { try served.write("\(i)", String(repeating: "\(i),", count: 50_000)) }
      let port = served.port
      let wrong = try await withThrowingTaskGroup(of: Int.self) { group in
        // Five times as many as there is room for, each on a thread of its own.
        for i in 0..<40 {
          group.addTask {
            try await withCheckedThrowingContinuation { continuation in
              Thread.detachNewThread {
                continuation.resume(
                  with: Result {
                    try (0..<5).count { step in
                      let name = (i + step) % 16
                      let answer = try RawClient(port: port).ask("/\(name)")
                      return answer?.text != String(repeating: "\(name),", count: 50_000)
                    }
                  })
              }
            }
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(wrong == 0)
    }
  }

  @Test func aSlowClientHoldsNobodyElse() async throws {
    try await Served.with { served in
      try served.write("large", String(repeating: "0123456789abcdef", count: 1 << 20))
      // Some send half a request; others ask for much and read nothing of it.
      let (half, deaf) = (try (0..<10).map { _ in try served.client() }, try (0..<10).map { _ in try served.client() })
      for client in half { client.send("GET /letters.txt HTTP/1.1\r\nHo") }
      for client in deaf { client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n") }
      for _ in 0..<20 { #expect(try served.ask("/letters.txt")?.status == 200) }
      // They are all still being served.
      for client in half { client.send("st: a\r\n\r\n") }
      #expect(half.allSatisfy { $0.answer()?.body.count == 26 })
      #expect(deaf.allSatisfy { $0.answer()?.body.count == 16 << 20 })
    }
  }

  @Test func clientsThatNeverEndAreLetGo() async throws {
    var limits = ServerLimits()
    (limits.connections, limits.idleSeconds, limits.headSeconds, limits.pieceSeconds) = (4, 0.2, 0.2, 0.2)
    try await Served.with(limits: limits) { served in
      try served.write("large", String(repeating: "0123456789abcdef", count: 1 << 20))
      let (half, silent, deaf) = (try served.client(), try served.client(), try served.client())
      half.send("GET /letters.txt HTTP/1.1\r\nHo")
      deaf.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(half.answer()?.status == 408 && half.isClosed)
      #expect(silent.isClosed)
      // All places are free again, those of clients that read nothing, too.
      for _ in 0..<4 {
        let client = try served.client()
        #expect(client.ask("/letters.txt")?.status == 200)
      }
      #expect(deaf.drain(.max) < 17 << 20)
    }
  }

  @Test func connectionsThatLieIdleMakeRoom() async throws {
    var limits = ServerLimits()
    limits.connections = 4
    try await Served.with(limits: limits) { served in
      let clients = try (0..<12).map { _ in try served.client() }
      // The first ones would stay for good if they were kept as long as they like.
      for client in clients { #expect(client.ask("/letters.txt")?.status == 200) }
    }
  }

  @Test func aFileOfSeveralGigabytesIsReadByRangeAndWhole() async throws {
    try await Served.with { served in
      let path = served.folder.appendingPathComponent("large").path
      // Sparse: it takes no room on the disk.
      let size = 5 << 30
      #expect(FileManager.default.createFile(atPath: path, contents: nil))
      let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
      try file.seek(toOffset: UInt64(size) - 6)
      try file.write(contentsOf: Data("theend".utf8))
      try file.close()
      let client = try served.client()
      #expect(client.ask("/large", ["Range": "bytes=-6"])?.text == "theend")
      #expect(client.ask("/large", ["Range": "bytes=\(size - 4)-\(size - 3)"])?.text == "ee")
      #expect(client.ask("/large", method: "HEAD")?.fields["content-length"] == "\(size)")
      // Whole: a part of it, in the memory of a few pieces.
      let before = residentBytes()
      client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(client.head()?.fields["content-length"] == "\(size)")
      #expect(client.drain(256 << 20) == 256 << 20)
      #expect(residentBytes() - before < 64 << 20)
    }
  }

  @Test func stoppingEndsAllConnections() throws {
    try withTemporaryFolder { folder in
      let server = try FileServer(ServedTree(root: ServedFolder(folder.path)), port: 0)
      server.start()
      let client = try RawClient(port: server.port)
      #expect(client.ask("/nothing")?.status == 404)
      server.stop()
      #expect(client.isClosed)
    }
  }

  @Test func cancellingTheTaskEndsTheServer() async throws {
    try await withTemporaryFolder { folder in
      let server = try FileServer(ServedTree(root: ServedFolder(folder.path)), port: 0)
      let running = Task { await server.run() }
      running.cancel()
      await running.value
    }
  }
}
