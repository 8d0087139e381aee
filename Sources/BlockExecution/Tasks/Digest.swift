// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A checksum against accidents, not against malice: 64-bit FNV-1a (Fowler, Noll and Vo; IETF draft-eastlake-fnv).
package struct Digest: CustomStringConvertible {
  private var state: UInt64 = 0xcbf2_9ce4_8422_2325

  /// The digest of nothing.
  package init() {}

  /// The digest of some bytes.
  package init(_ bytes: some Sequence<UInt8>) { add(bytes) }

  /// Takes more bytes in.
  package mutating func add(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x100_0000_01b3 }
  }

  /// Takes the bytes of a file or a part of it in.
  package mutating func add(_ data: Data) {
    let bytes = data.span
    for i in bytes.indices { state = (state ^ UInt64(bytes[i])) &* 0x100_0000_01b3 }
  }

  /// The digest of bytes in memory.
  package init(_ bytes: [UInt8]) {
    let bytes = bytes.span
    for i in bytes.indices { state = (state ^ UInt64(bytes[i])) &* 0x100_0000_01b3 }
  }

  /// The digest of some data.
  package init(_ data: Data) { add(data) }

  /// The digest as a number.
  package var value: UInt64 { state }

  /// Sixteen hexadecimal digits.
  package var description: String {
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// The digest of a file's bytes.
  ///
  /// - Throws: where it cannot be read.
  package init(contentsOf url: URL) throws {
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    while let piece = try handle.read(upToCount: 4 << 20), !piece.isEmpty {
      add(piece)
    }
  }
}
