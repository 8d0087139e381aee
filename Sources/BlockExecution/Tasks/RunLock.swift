// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Keeps a second driver from a run folder while one is at work. The system lets go of it when the process ends, however that happens.
package final class RunLock: Sendable {
  /// Who holds a lock.
  package struct Holder: Codable, Sendable {
    package var host: String
    package var process: Int32
  }

  private let lock: FileLock

  /// Takes the lock of a run folder.
  ///
  /// - Throws: `RunError` where another process holds it, naming that.
  package init(_ folder: RunFolder) throws {
    // Those who only look hold it for a moment, and who handed over to this process may not have ended yet.
    let isContinuation = ProcessInfo.processInfo.environment[BatchExecutor.continuationVariable] != nil
    guard let lock = try FileLock(folder.lock.path, patience: isContinuation ? .seconds(60) : .milliseconds(300)) else {
      let who = Self.holder(of: folder).map { " (process \($0.process) on \($0.host))" } ?? ""
      throw RunError(
        "another run\(who) is at work in \(folder.url.path)",
        hint: "wait for it, follow it with `weft status`, stop it with `weft cancel`, or choose another --output")
    }
    let holder = Holder(host: ProcessInfo.processInfo.hostName, process: ProcessInfo.processInfo.processIdentifier)
    lock.write((try? RunFolder.encoder.encode(holder)) ?? Data())
    self.lock = lock
  }

  /// The process that is at work in a run folder; `nil` where none is.
  package static func holder(of folder: RunFolder) -> Holder? {
    let descriptor = unsafe open(folder.lock.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK { return nil }
    let data = (try? Data(contentsOf: folder.lock)) ?? Data()
    return (try? RunFolder.decoder.decode(Holder.self, from: data)) ?? Holder(host: "unknown", process: 0)
  }
}
