// SPDX-License-Identifier: Apache-2.0

/// Damages bytes in the ways that files are damaged, and in those that find mistakes in readers; the same for the same seed.
public struct Mutator {
  private var random: SeededGenerator

  /// A mutator that starts from `seed`.
  public init(seed: UInt64) { random = SeededGenerator(seed: seed) }

  /// What readers trip over, as text and as numbers in binary.
  private static let words = [
    "-1", "0", "1", "4294967296", "9223372036854775807", "18446744073709551615", "1e400", "-0.5", "null", "true", "\"\"", "[]", "{}",
    "[[]]",
    "\"NaN\"", "\"a\"", "\\u0000", ",", ":", "]", "}", "\"", "//", "..", "/etc", "\"<f8\"", "\"|O\"", "\"zstd\"", "\"blosc\"", "\"bytes\"",
    "\"gzip\"",
  ].map { Array($0.utf8) }

  private static let numbers: [UInt64] = [
    0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, .max, .max >> 1, 1 << 40,
  ]

  /// The bytes with one to four changes.
  public mutating func mutated(_ bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) { change(&result) }
    return result
  }

  private mutating func place(_ bytes: [UInt8]) -> Int { Int.random(in: 0...bytes.count, using: &random) }

  private mutating func range(_ bytes: [UInt8]) -> Range<Int> {
    let first = place(bytes)
    return first..<min(bytes.count, first + Int.random(in: 0...16, using: &random))
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    switch Int.random(in: 0..<9, using: &random) {
    case 0 where !bytes.isEmpty: bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where !bytes.isEmpty:
      bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0 ... .max, using: &random)
    case 2: bytes.removeSubrange(range(bytes))
    case 3: bytes.insert(contentsOf: Array(bytes[range(bytes)]), at: place(bytes))
    case 4: bytes.insert(contentsOf: Self.words.randomElement(using: &random)!, at: place(bytes))
    case 5: replaceNumber(&bytes)
    case 6: bytes.removeLast(bytes.count - place(bytes))
    case 7:
      let number = Self.numbers.randomElement(using: &random)!
      let size = [1, 2, 4, 8].randomElement(using: &random)!
      let first = place(bytes)
      for (offset, index) in (first..<min(bytes.count, first + size)).enumerated() {
        bytes[index] = UInt8(truncatingIfNeeded: number >> (8 * UInt64(offset)))
      }
    default: bytes += (0..<Int.random(in: 1...64, using: &random)).map { _ in UInt8.random(in: 0 ... .max, using: &random) }
    }
  }

  /// Puts a word in place of a number in text, if there is one.
  private mutating func replaceNumber(_ bytes: inout [UInt8]) {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let starts = bytes.indices.filter { digits ~= bytes[$0] && ($0 == 0 || !(digits ~= bytes[$0 - 1])) }
    guard let start = starts.randomElement(using: &random) else { return }
    let end = bytes[start...].firstIndex { !(digits ~= $0) } ?? bytes.endIndex
    bytes.replaceSubrange(start..<end, with: Self.words.randomElement(using: &random)!)
  }
}

/// Mutations that a test tries: few in a usual run, as many as are asked for where `WEFT_FULL` is set.
public func mutationCount(full: Int) -> Int { isFullRun ? full : max(200, full / 50) }
