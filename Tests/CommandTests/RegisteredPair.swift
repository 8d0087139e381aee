// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// A small registration, and what it comes to in one process: what executors are held against.
struct RegisteredPair {
  /// The command without its output.
  let words: [String]
  private let expected: [String: Data]

  init(_ folder: String) throws {
    try #require(weft(["phantom", folder + "/pair", "--shape", "64,96,96", "--seed", "11", "-q"]).status == 0)
    let pair = [folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr"]
    words = ["register"] + pair + ["--accuracy", "draft", "--chunk-size", "32", "-q"]
    let local = try weft(words + ["-o", folder + "/local", "--threads", "1", "--memory", "1500MB"])
    try #require(local.status == 0, "\(local.errors)")
    expected = try resultFiles(folder + "/local")
  }

  /// Expects the bytes of one process in a folder.
  func expectSame(_ folder: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let found = try resultFiles(folder)
    #expect(Set(found.keys) == Set(expected.keys), sourceLocation: sourceLocation)
    let different = expected.keys.filter { found[$0] != expected[$0] }.sorted()
    #expect(different.isEmpty, "\(different)", sourceLocation: sourceLocation)
  }
}
