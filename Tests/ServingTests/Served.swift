// SPDX-License-Identifier: Apache-2.0

import Foundation
import Serving
import TestSupport

/// A folder that is served while a test looks at it.
struct Served {
  let folder: URL
  let port: Int

  /// Serves a folder with `letters.txt`, a to z, in it.
  static func with(
    limits: ServerLimits = ServerLimits(), others: [(names: [String], path: String)] = [], _ body: (Served) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { parent in
      let folder = parent.appendingPathComponent("root")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
      let served = Served(folder: folder, port: 0)
      try served.write("letters.txt", "abcdefghijklmnopqrstuvwxyz")
      let folders = try others.map { place in
        try FileManager.default.createDirectory(at: parent.appendingPathComponent(place.path), withIntermediateDirectories: true)
        return (names: place.names, folder: try ServedFolder(parent.appendingPathComponent(place.path).path))
      }
      let server = try FileServer(ServedTree(root: ServedFolder(folder.path), others: folders), port: 0, limits: limits)
      server.start()
      defer { server.stop() }
      try await body(Served(folder: folder, port: server.port))
    }
  }

  /// Writes a file, and the folders it lies in.
  func write(_ name: String, _ text: String) throws {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  func client() throws -> RawClient { try RawClient(port: port) }

  /// One request on a connection of its own.
  func ask(_ target: String, method: String = "GET", _ fields: [String: String] = [:]) throws -> RawClient.Answer? {
    try client().ask(target, method: method, fields)
  }
}
