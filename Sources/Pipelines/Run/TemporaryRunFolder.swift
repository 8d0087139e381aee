// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// A run folder that goes when nobody needs it any more.
final class TemporaryRunFolder: Sendable {
  let run: RunFolder

  init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("weft-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    run = RunFolder(url)
  }

  deinit { try? FileManager.default.removeItem(at: run.url) }
}
