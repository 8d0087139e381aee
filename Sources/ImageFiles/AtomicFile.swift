// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// A file that appears under its name whole or not at all: written beside it under another name, flushed to the disk, and renamed.
///
/// Without `commit` the file is removed when the value goes.
struct AtomicFile: ~Copyable {
  private let path: String
  private let temporaryPath: String
  private let handle: FileHandle
  private var isCommitted = false
  private static let counter = Atomic<Int>(0)

  /// Begins a file.
  init(path: String) throws(ImageFileError) {
    self.path = path
    let url = URL(fileURLWithPath: path)
    let number = Self.counter.add(1, ordering: .relaxed).newValue
    let name = ".\(url.lastPathComponent).\(ProcessInfo.processInfo.processIdentifier).\(number).part"
    temporaryPath = url.deletingLastPathComponent().appendingPathComponent(name).path
    do {
      try Data().write(to: URL(fileURLWithPath: temporaryPath))
      handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporaryPath))
    } catch {
      throw Self.failure(path, error)
    }
  }

  deinit {
    try? handle.close()
    if !isCommitted { try? FileManager.default.removeItem(atPath: temporaryPath) }
  }

  /// Writes at the end.
  func append(_ bytes: [UInt8]) throws(ImageFileError) {
    do { try handle.write(contentsOf: Data(bytes)) } catch { throw Self.failure(path, error) }
  }

  /// Writes over what was written at `offset`, and goes back to the end.
  func overwrite(at offset: Int, _ bytes: [UInt8]) throws(ImageFileError) {
    do {
      try handle.seek(toOffset: UInt64(offset))
      try handle.write(contentsOf: Data(bytes))
      try handle.seekToEnd()
    } catch {
      throw Self.failure(path, error)
    }
  }

  /// Makes the file appear under its name, in place of one that was there.
  mutating func commit() throws(ImageFileError) {
    do {
      try handle.synchronize()
      try handle.close()
    } catch {
      throw Self.failure(path, error)
    }
    guard unsafe rename(temporaryPath, path) == 0 else {
      let reason = unsafe String(cString: strerror(errno))
      throw ImageFileError(
        path: path, "cannot be written: \(reason)", hint: "check that the folder is there, has room, and may be written to")
    }
    isCommitted = true
  }

  private static func failure(_ path: String, _ error: any Error) -> ImageFileError {
    ImageFileError(
      path: path, "cannot be written: \(error.localizedDescription)",
      hint: "check that the folder exists, that it may be written to, and that the disk is not full")
  }
}
