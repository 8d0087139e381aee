// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// What the fine stage found, block by block.
public struct BlockRegistrations: Sendable {
  /// One record a block, in the grid's order.
  public var records: [BlockRecord]
  /// Where the blocks' own fields are.
  let store: BlockFieldFiles
  /// Keeps a temporary folder as long as the fields may be needed.
  var folder: TemporaryRunFolder?
}

extension ChunkedRegistration {
  /// Registers every block and stores its field under `folder`, or in a temporary folder that lasts as long as the result.
  ///
  /// With the `folder` of an earlier call that was interrupted, only what is missing is done.
  ///
  /// - Throws: errors of reading and writing; a block whose registration fails is recorded, and displaces nothing.
  public func registerBlocks(_ coarse: CoarseRegistration, in folder: String? = nil) async throws -> BlockRegistrations {
    let temporary = folder == nil ? try TemporaryRunFolder() : nil
    let runFolder = temporary?.run ?? RunFolder(URL(fileURLWithPath: folder!))
    let run = RegistrationRun(self, runFolder, part: .blocks(coarse))
    _ = try run.prepare()
    try await LocalExecutor(folder: runFolder, retries: options.retries, progress: progress).run(run)
    var blocks = try run.blocks(Journal(runFolder, run.outlines))
    blocks.folder = temporary
    return blocks
  }
}

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
