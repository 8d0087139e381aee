// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Lines on a program's standard output that are no message.
final class WorkerNoise: Sendable {
  private let lines = Mutex<(count: Int, first: String)>((0, ""))

  /// Counts a line.
  func add(_ line: ArraySlice<UInt8>) {
    lines.withLock { lines in
      if lines.count == 0 {
        let text = String(decoding: line.prefix(400), as: UTF8.self).filter { !$0.isNewline }
        lines.first = text.count > 100 ? text.prefix(99) + "…" : text
      }
      lines.count += 1
    }
  }

  /// What to tell the user; `nil` where there was none.
  func warning(program: String) -> String? {
    let (count, first) = lines.withLock { $0 }
    if count == 0 { return nil }
    return "\(program) printed \(count) line\(count == 1 ? "" : "s") on standard output that \(count == 1 ? "is" : "are") no message and "
      + "\(count == 1 ? "was" : "were") passed over; the first: \(first)"
  }
}
