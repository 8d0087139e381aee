// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Keeps a second driver from a run folder while one is at work. The system lets go of it when the process ends, however that happens.
package final class RunLock: Sendable {
  /// Who holds a lock.
  package struct Holder: Codable, Sendable {
    package var host: String
    package var process: Int32
  }

  private let descriptor: Mutex<Int32>

  /// Takes the lock of a run folder.
  ///
  /// - Throws: `RunError` where another process holds it, naming that.
  package init(_ folder: RunFolder) throws {
    let path = folder.lock.path
    while true {
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw RunError("\(path) cannot be written: \(unsafe String(cString: strerror(errno)))", hint: "choose a place you may write to")
      }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        close(descriptor)
        let who = Self.holder(of: folder).map { " (process \($0.process) on \($0.host))" } ?? ""
        throw RunError(
          "another run\(who) is at work in \(folder.url.path)",
          hint: "wait for it, follow it with `weft status`, stop it with `weft cancel`, or choose another --output")
      }
      // The run that held it may have removed the file in between.
      var held = stat()
      var named = stat()
      if unsafe fstat(descriptor, &held) == 0, unsafe stat(path, &named) == 0, held.st_ino == named.st_ino {
        self.descriptor = Mutex(descriptor)
        let holder = Holder(host: ProcessInfo.processInfo.hostName, process: ProcessInfo.processInfo.processIdentifier)
        let text = [UInt8]((try? RunFolder.encoder.encode(holder)) ?? Data())
        ftruncate(descriptor, 0)
        _ = unsafe text.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        return
      }
      close(descriptor)
    }
  }

  deinit { descriptor.withLock { _ = close($0) } }

  /// The process that is at work in a run folder; `nil` where none is.
  package static func holder(of folder: RunFolder) -> Holder? {
    let descriptor = unsafe open(folder.lock.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    if flock(descriptor, LOCK_SH | LOCK_NB) == 0 { return nil }
    let data = (try? Data(contentsOf: folder.lock)) ?? Data()
    return (try? RunFolder.decoder.decode(Holder.self, from: data)) ?? Holder(host: "unknown", process: 0)
  }
}
