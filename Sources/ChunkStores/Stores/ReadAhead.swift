// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Has the system read files before they are asked for, into memory of its own, where reading has to wait for the disk.
///
/// Where files are in memory already, that would only take time: so it is done for some values after each that was waited for.
final class ReadAhead: Sendable, Equatable {
  /// How many files may still be announced: what was announced is read fast, which says nothing of those that come after it.
  private let left = Atomic<Int>(0)

  /// Reads a value, and notes whether it was waited for.
  func timing<Value>(_ read: () throws(ChunkStoreError) -> Value, count: (Value) -> Int) throws(ChunkStoreError) -> Value {
    let began = ContinuousClock.now
    let value = try read()
    // Memory gives more than 2 GB a second.
    let fromMemory = Duration.microseconds(100) + .nanoseconds(count(value) / 2)
    if count(value) > 0, ContinuousClock.now - began > fromMemory { left.store(64, ordering: .relaxed) }
    return value
  }

  /// Begins to read a file, or a part of it, without waiting.
  func begin(_ path: String, _ range: ByteRange?) {
    guard left.load(ordering: .relaxed) > 0 else { return }
    left.subtract(1, ordering: .relaxed)
    // Opening a pipe would wait for who writes into it.
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    // A length of 0 is the rest of the file.
    var (offset, count) = (0, 0)
    if case .bytes(let first, let length) = range { (offset, count) = (first, length) }
    posix_fadvise(descriptor, off_t(offset), off_t(count), POSIX_FADV_WILLNEED)
  }

  static func == (_: ReadAhead, _: ReadAhead) -> Bool { true }
}
