// SPDX-License-Identifier: Apache-2.0

/// Bytes that arrive in pieces, handed out line by line.
package struct LineBuffer: Sendable {
  /// Nothing arrived yet.
  package init() {}

  private var bytes: [UInt8] = []
  private var begin = 0
  /// Bytes before this hold no end of a line.
  private var searched = 0

  /// Bytes of a line that has not ended yet.
  package var unfinished: Int { bytes.count - begin }

  /// Takes bytes in.
  package mutating func append(_ more: [UInt8]) { bytes += more }

  /// The next whole line, without its end.
  package mutating func next() -> ArraySlice<UInt8>? {
    guard let end = bytes[searched...].firstIndex(of: UInt8(ascii: "\n")) else {
      searched = bytes.count
      return nil
    }
    defer {
      begin = end + 1
      searched = begin
      if begin == bytes.count || begin > 1 << 16 {
        bytes.removeFirst(begin)
        begin = 0
        searched = 0
      }
    }
    return bytes[begin..<end]
  }

  /// What came after the last whole line; it is gone afterwards.
  package mutating func rest() -> ArraySlice<UInt8> {
    defer { self = LineBuffer() }
    return bytes[begin...]
  }
}
