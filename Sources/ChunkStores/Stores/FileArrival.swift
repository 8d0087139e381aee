// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Synchronization

/// A file on its way to the disk, while other work goes on.
public final class FileArrival: Sendable {
  /// The disk is at work on a few files at once; each queue has one thread.
  private static let queues = (0..<4).map { DispatchQueue(label: "weft.file-arrival-\($0)") }
  private static let next = Atomic(0)

  private let path: String
  private let failure = Mutex<ChunkStoreError?>(nil)
  private let done = DispatchGroup()

  init(of path: String) {
    self.path = path
    let queue = Self.queues[Self.next.add(1, ordering: .relaxed).oldValue & 3]
    queue.async(group: done) { [self] in
      do throws(ChunkStoreError) { try FileAccess.synchroniseFile(path) } catch { failure.withLock { $0 = error } }
    }
  }

  /// Waits until its bytes are on the disk.
  ///
  /// - Throws: where they cannot be written.
  func wait() throws(ChunkStoreError) {
    done.wait()
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
