// SPDX-License-Identifier: Apache-2.0

/// A directory of a TIFF file: tags and their values, in ascending order of tags.
struct TIFFDirectory {
  /// The number formats of values.
  enum Format {
    case ascii, short, long, rational
    /// A place in the file, or a length: as wide as the file's kind asks for.
    case offset
  }

  /// What differs between TIFF and BigTIFF.
  struct Layout {
    let isBig: Bool

    /// The bytes that a file begins with, the place of the first directory still zero.
    var header: [UInt8] { isBig ? [0x49, 0x49, 43, 0, 8, 0, 0, 0] + word(0) : [0x49, 0x49, 42, 0] + word(0) }
    /// Where the place of the first directory is written.
    var firstDirectoryPlace: Int { isBig ? 8 : 4 }
    /// A place as bytes.
    func word(_ value: Int) -> [UInt8] { isBig ? UInt64(value).littleEndianBytes : UInt32(truncatingIfNeeded: value).littleEndianBytes }

    var wordSize: Int { isBig ? 8 : 4 }
    /// Bytes of an entry's tag, format, count and value.
    var entrySize: Int { isBig ? 20 : 12 }
    func count(_ entries: Int) -> [UInt8] { isBig ? UInt64(entries).littleEndianBytes : UInt16(entries).littleEndianBytes }
  }

  private var entries: [(tag: UInt16, format: Format, values: [Int])] = []

  /// Adds a tag; a rational takes two values.
  mutating func add(_ tag: UInt16, _ format: Format, _ values: [Int]) { entries.append((tag, format, values)) }

  /// Adds a text, ended by zero.
  mutating func add(_ tag: UInt16, text: String) { entries.append((tag, .ascii, text.utf8.map(Int.init) + [0])) }

  /// The directory and the values that do not fit into its entries, as they lie in the file from `place` on.
  func bytes(_ layout: Layout, at place: Int, isLast: Bool) -> [UInt8] {
    var head = layout.count(entries.count)
    let headSize = head.count + entries.count * layout.entrySize + layout.wordSize
    var tail: [UInt8] = []
    for entry in entries {
      let value = entry.values.flatMap { Self.bytes(entry.format, $0, layout) }
      let count = entry.format == .rational ? entry.values.count / 2 : entry.values.count
      head += entry.tag.littleEndianBytes + Self.code(entry.format, layout).littleEndianBytes + layout.word(count)
      if value.count <= layout.wordSize {
        head += value + [UInt8](repeating: 0, count: layout.wordSize - value.count)
      } else {
        head += layout.word(place + headSize + tail.count)
        tail += value
        if tail.count % 2 == 1 { tail.append(0) }
      }
    }
    return head + layout.word(isLast ? 0 : place + headSize + tail.count) + tail
  }

  private static func code(_ format: Format, _ layout: Layout) -> UInt16 {
    switch format {
    case .ascii: 2
    case .short: 3
    case .long: 4
    case .rational: 5
    case .offset: layout.isBig ? 16 : 4
    }
  }

  private static func bytes(_ format: Format, _ value: Int, _ layout: Layout) -> [UInt8] {
    switch format {
    case .ascii: [UInt8(truncatingIfNeeded: value)]
    case .short: UInt16(truncatingIfNeeded: value).littleEndianBytes
    case .long, .rational: UInt32(truncatingIfNeeded: value).littleEndianBytes
    case .offset: layout.word(value)
    }
  }
}
