// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Has the system read files before they are asked for, into memory of its own, where reading has to wait for the disk.
///
/// Where files are in memory already, that would only take time: so it is done while the latest value was waited for.
final class ReadAhead: Sendable, Equatable {
  private let isWaiting = Atomic<Bool>(false)

  /// Reads a value, and notes whether it was waited for.
  func timing<Value>(_ read: () throws(ChunkStoreError) -> Value, count: (Value) -> Int) throws(ChunkStoreError) -> Value {
    let began = ContinuousClock.now
    let value = try read()
    // Memory gives more than 2 GB a second.
    let fromMemory = Duration.microseconds(100) + .nanoseconds(count(value) / 2)
    isWaiting.store(ContinuousClock.now - began > fromMemory, ordering: .relaxed)
    return value
  }

  /// Begins to read a file, or a part of it, without waiting.
  func begin(_ path: String, _ range: ByteRange?) {
    guard isWaiting.load(ordering: .relaxed) else { return }
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // A length of 0 is the rest of the file.
    var (offset, count) = (0, 0)
    if case .bytes(let first, let length) = range { (offset, count) = (first, length) }
    posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_WILLNEED)
  }

  static func == (_: ReadAhead, _: ReadAhead) -> Bool { true }
}
