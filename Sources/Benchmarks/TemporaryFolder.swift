// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Calls `body` with a folder that goes afterwards.
func withTemporaryFolder<Result>(_ body: (_ folder: String) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("weft-benchmark-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder.path)
}
