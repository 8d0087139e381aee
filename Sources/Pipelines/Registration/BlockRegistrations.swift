// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// What the fine stage found, block by block.
public struct BlockRegistrations: Sendable {
  /// One record a block of full resolution, in the grid's order.
  public var records: [BlockRecord]
  /// What coarser levels found, coarsest first; empty where the blocks have one level.
  public var coarser: [LevelRecord] = []
  /// Where the blocks' own fields are.
  let store: BlockFieldFiles
  /// What they start from; `nil` for the coarse result alone.
  var start: LocalField?
  /// Keeps a temporary folder as long as the fields may be needed.
  var folder: TemporaryRunFolder?
}

extension ChunkedRegistration {
  /// Registers every block and stores its field under `folder`, or in a temporary folder that lasts as long as the result.
  ///
  /// With the `folder` of an earlier call that was interrupted, and the same inputs, options and coarse result, only what is missing is done.
  ///
  /// - Throws: `RunError` where another call is at work in `folder`; errors of reading and writing; a block whose registration fails is recorded, and displaces nothing.
  public func registerBlocks(_ coarse: CoarseRegistration, in folder: String? = nil) async throws -> BlockRegistrations {
    let temporary = folder == nil ? try TemporaryRunFolder() : nil
    let runFolder = temporary?.run ?? RunFolder(URL(fileURLWithPath: folder!))
    try FileManager.default.createDirectory(at: runFolder.url, withIntermediateDirectories: true)
    let lock = try RunLock(runFolder)
    defer { withExtendedLifetime(lock) {} }
    let run = RegistrationRun(self, runFolder, part: .blocks(coarse))
    _ = try run.prepare(run.folder)
    try await LocalExecutor(folder: runFolder, retries: options.retries, progress: progress).run(run)
    let journal = Journal(runFolder, run.outlines)
    var blocks = try run.full.blocks(journal)
    blocks.start = try run.full.start()
    blocks.coarser = try run.coarserRecords(journal)
    blocks.folder = temporary
    return blocks
  }
}
