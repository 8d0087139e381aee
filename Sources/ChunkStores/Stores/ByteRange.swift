// SPDX-License-Identifier: Apache-2.0

/// Which bytes of a value are meant.
public enum ByteRange: Sendable, Hashable {
  /// `count` bytes from `offset` on.
  case bytes(offset: Int, count: Int)
  /// The last bytes.
  case last(Int)

  /// The bytes that a value of `total` bytes has of them: fewer, or none, where it ends before.
  public func clamped(to total: Int) -> Range<Int> {
    switch self {
    case .bytes(let offset, let count): min(offset, total)..<min(offset, total) + min(count, total - min(offset, total))
    case .last(let count): total - min(count, total)..<total
    }
  }
}

/// Some bytes of a value.
public struct ValuePart: Sendable, Equatable {
  /// Those that were asked for, as far as the value has them.
  public var bytes: [UInt8]
  /// How many bytes the whole value has.
  public var total: Int

  /// Some bytes of a value of `total`.
  public init(bytes: [UInt8], total: Int) {
    self.bytes = bytes
    self.total = total
  }
}

extension [UInt8] {
  /// The part of a value that is at hand.
  func part(_ range: ByteRange) -> ValuePart { ValuePart(bytes: Array(self[range.clamped(to: count)]), total: count) }
}
