// SPDX-License-Identifier: Apache-2.0

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
}
