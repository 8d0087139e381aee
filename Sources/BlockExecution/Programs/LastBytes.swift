// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The last bytes of a stream.
package struct LastBytes: Sendable {
  /// How many are kept.
  package static let kept = 65_536

  private var bytes: [UInt8] = []

  /// Nothing arrived yet.
  package init() {}

  /// Takes bytes in, and lets go of the oldest ones.
  package mutating func append(_ more: [UInt8]) {
    bytes += more
    if bytes.count > 2 * Self.kept { bytes.removeFirst(bytes.count - Self.kept) }
  }

  /// The last lines that are not empty.
  package func lines(_ count: Int) -> [String] {
    String(decoding: bytes.suffix(Self.kept), as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { $0.trimmingCharacters(in: .whitespaces).isEmpty ? "" : String($0) }.filter { !$0.isEmpty }.suffix(count)
  }
}
