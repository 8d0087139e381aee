// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Pyramids

extension RunHandle {
  /// Whether an output is there, and no run of it is under way or was interrupted.
  public static func isFinished(_ path: String) -> Bool {
    guard !path.isEmpty, !isBegun(path), let isFolder = FileManager.default.isFolder(atPath: path) else { return false }
    if isFolder {
      let records = ["run.json", RoundsRecord.fileName]
      return OMEImage.isZarr(path) || records.contains { FileManager.default.fileExists(atPath: path + "/" + $0) }
    }
    return (try? OutputFormat(ofName: URL(fileURLWithPath: path).lastPathComponent)).map { $0 != .zarr } ?? false
  }

  /// - Throws: `PipelineError` where a process ended while it gave the results in an output folder their names, so that some are of this run
  ///   and some of the one before.
  package static func requirePublished(in output: String) throws {
    let work = RunFolder(URL(fileURLWithPath: output).appendingPathComponent(OutputFolder.workName))
    guard Publication.begun(in: work) != nil else { return }
    throw PipelineError(
      "results in \(output) are still being given their names: some are new, some may be those before",
      hint: "wait for the run, or end it by `weft resume \(output)` where it was interrupted")
  }
}
