// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// What a group of tasks did, line by line, with the time of day.
final class TaskLog: Sendable {
  private let handle: Mutex<FileHandle?>
  let path: String

  init(_ folder: RunFolder, stage: String, round: Int, group: Int) {
    let url = folder.logs.appendingPathComponent("\(stage).\(round).\(group).\(RunFolder.uniqueName()).log")
    path = url.path
    try? Data().write(to: url)
    handle = Mutex(try? FileHandle(forWritingTo: url))
  }

  /// Adds a line. A log that cannot be written stops no run.
  func add(_ text: String) {
    let line = Data("\(Date().ISO8601Format()) \(text)\n".utf8)
    handle.withLock { try? $0?.write(contentsOf: line) }
  }
}
