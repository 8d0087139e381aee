// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// The Python modules that come with Weft, in a folder that programs find them in.
final class WorkerModules: Sendable {
  private let folder: String
  private let isWritten = Mutex(false)

  /// Modules below a folder, which is made when they are written.
  init(folder: String) { self.folder = folder }

  /// Where they lie.
  var path: String { folder + "/modules" }

  /// Where the script of that name lies.
  static func script(_ name: String, in modules: String) -> String { "\(modules)/weft_\(name).py" }

  /// Writes them where they are not written yet.
  ///
  /// - Throws: `WorkerError` where the folder cannot be written to.
  func write() throws {
    try isWritten.withLock { isWritten in
      if isWritten { return }
      do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let files = [
          ("worker", PackageResources.weft_worker_py), ("cellpose", PackageResources.weft_cellpose_py),
          ("stardist", PackageResources.weft_stardist_py),
        ]
        for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: Self.script(name, in: path))) }
      } catch {
        throw WorkerError(
          .disk, "\(path) cannot be written: \(error.localizedDescription)",
          hint: "tiles and scripts of programs pass through this folder: check that it is there, has room, and may be written to")
      }
      isWritten = true
    }
  }

  /// Removes them and the folder they lie below.
  func remove() {
    isWritten.withLock { isWritten in
      try? FileManager.default.removeItem(atPath: folder)
      isWritten = false
    }
  }
}
