// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// An advisory lock on a file (`flock`). The system lets go of it when the process ends, however that happens.
package final class FileLock: Sendable {
  private let descriptor: Mutex<Int32>

  /// Takes the lock, waiting at most `patience` for others to let go of it.
  ///
  /// - Returns: `nil` where it is still held by another.
  /// - Throws: `RunError` where the file cannot be made; `CancellationError`.
  package init?(_ path: String, isShared: Bool = false, patience: Duration) throws {
    let deadline = ContinuousClock.now + patience
    while true {
      let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else {
        throw RunError("\(path) cannot be written: \(unsafe String(cString: strerror(errno)))", hint: "choose a place you may write to")
      }
      let isHeld = flock(descriptor, (isShared ? LOCK_SH : LOCK_EX) | LOCK_NB) == 0
      // Some file systems of networks have no locks: what they keep apart are mistakes of users, no parts of a run.
      if isHeld || (errno != EWOULDBLOCK && errno != EINTR) {
        // Who held it may have removed the file in between.
        var held = stat()
        var named = stat()
        if unsafe fstat(descriptor, &held) == 0, unsafe stat(path, &named) == 0, held.st_ino == named.st_ino {
          self.descriptor = Mutex(descriptor)
          return
        }
      } else if ContinuousClock.now >= deadline {
        close(descriptor)
        return nil
      }
      close(descriptor)
      try Task.checkCancellation()
      Thread.sleep(forTimeInterval: 0.02)
    }
  }

  deinit { descriptor.withLock { _ = close($0) } }

  /// Replaces what the file says.
  func write(_ text: Data) {
    descriptor.withLock { descriptor in
      ftruncate(descriptor, 0)
      _ = unsafe [UInt8](text).withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }
  }
}
