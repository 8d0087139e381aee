// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A file that another library writes, and that appears under its name whole or not at all.
enum PublishedFile {
  /// Calls `body` with the name of a hidden file beside `path`, and gives that the name.
  ///
  /// - Parameter ending: what the hidden file's name ends in, for libraries that go by it.
  /// - Throws: what `body` throws; `TransformError` where the file cannot be renamed.
  static func write(
    to path: String, ending: String = ".part", _ body: (_ temporary: String) throws(TransformError) -> Void
  ) throws(TransformError) {
    let url = URL(fileURLWithPath: path)
    let name = ".\(url.lastPathComponent).\(UUID().uuidString)\(ending)"
    let temporary = url.deletingLastPathComponent().appendingPathComponent(name).path
    defer { try? FileManager.default.removeItem(atPath: temporary) }
    try body(temporary)
    guard let handle = FileHandle(forUpdatingAtPath: temporary) else {
      throw TransformError("\(path) cannot be written", hint: "check that the folder exists and may be written to")
    }
    try? handle.synchronize()
    try? handle.close()
    guard unsafe rename(temporary, path) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw TransformError("\(path) cannot be written: \(reason)", hint: "check that the folder is there, has room, and may be written to")
    }
  }
}
