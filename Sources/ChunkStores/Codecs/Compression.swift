// SPDX-License-Identifier: Apache-2.0

/// How the chunks of a new array are compressed.
public enum Compression: Sendable, Hashable {
  /// Not at all.
  case none
  /// Zstandard, level 1 (fast) to 22.
  case zstd(level: Int)
  /// Deflate in gzip's format, level 1 (fast) to 9.
  case gzip(level: Int)
  /// Blosc: shuffled, then compressed in blocks; level 1 (fast) to 9.
  case blosc(BloscCompressor, level: Int, shuffle: BloscShuffle)

  /// Blosc with Zstandard at level 1, bytes shuffled (bits for voxels of one byte).
  ///
  /// What shuffled voxels of images hold besides their noise level 1 finds: level 5 takes four times as long and is 0 to 4 % shorter.
  public static let standard = Compression.blosc(.zstd, level: 1, shuffle: .automatic)

  /// Blosc with Zstandard at level 3, nothing shuffled: smaller than `standard` for ids of many objects.
  public static let labels = Compression.blosc(.zstd, level: 3, shuffle: .none)

  /// How a compression is written on a command line.
  public static let forms = "blosc:zstd:5 (or lz4, lz4hc, zlib, blosclz), zstd:3, gzip:6, none"

  /// Parses `blosc:zstd:5`, `blosc:lz4`, `zstd:3`, `zstd`, `gzip:6`, `gzip` or `none`; Blosc takes a fourth part, `noshuffle`, `shuffle`
  /// or `bitshuffle`.
  ///
  /// - Throws: an error that names the forms.
  public init(parsing text: String) throws(ChunkStoreError) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    let wrong = ChunkStoreError("`\(text)` is not a compression", hint: "use one of: \(Self.forms)")
    func level(_ index: Int, standard: Int, _ range: ClosedRange<Int>) throws(ChunkStoreError) -> Int {
      guard index < parts.count else { return standard }
      guard let level = Int(parts[index]), range.contains(level) else {
        throw ChunkStoreError(
          "the level of `\(text)` is not a whole number from \(range.lowerBound) to \(range.upperBound)",
          hint: "give it as zstd:3 or gzip:6")
      }
      return level
    }
    switch parts[0] {
    case "none" where parts.count == 1: self = .none
    case "zstd" where parts.count <= 2: self = .zstd(level: try level(1, standard: 3, 1...22))
    case "gzip" where parts.count <= 2: self = .gzip(level: try level(1, standard: 6, 1...9))
    case "blosc" where parts.count <= 4:
      guard let compressor = parts.count > 1 ? BloscCompressor(rawValue: parts[1]) : .zstd else { throw wrong }
      guard let shuffle = parts.count > 3 ? BloscShuffle(rawValue: parts[3]) : .automatic else { throw wrong }
      self = .blosc(compressor, level: try level(2, standard: 5, 1...9), shuffle: shuffle)
    default: throw wrong
    }
  }

  /// The codecs that do it for items of that many bytes.
  func codecs(itemSize: Int) -> [ByteCodec] {
    switch self {
    case .none: []
    case .zstd(let level): [.zstd(level: level, checksum: false, itemSize: itemSize)]
    case .gzip(let level): [.gzip(level: level)]
    case .blosc(let compressor, let level, let shuffle):
      [.blosc(BloscParameters(compressor: compressor, level: level, shuffle: shuffle.resolved(itemSize: itemSize), itemSize: itemSize))]
    }
  }
}

/// The compressors inside Blosc.
public enum BloscCompressor: String, Sendable, Hashable, CaseIterable {
  case blosclz, lz4, lz4hc, snappy, zlib, zstd
}

/// What Blosc does to items before compressing them.
public enum BloscShuffle: String, Sendable, Hashable, CaseIterable {
  /// Nothing.
  case none = "noshuffle"
  /// The bytes of equal place in an item are brought together.
  case bytes = "shuffle"
  /// The bits of equal place in an item are brought together.
  case bits = "bitshuffle"
  /// Bits for items of one byte, else bytes (numcodecs' −1).
  case automatic

  func resolved(itemSize: Int) -> BloscShuffle { self == .automatic ? (itemSize == 1 ? .bits : .bytes) : self }
}

/// The parameters of one use of Blosc.
struct BloscParameters: Sendable, Hashable {
  var compressor: BloscCompressor
  var level: Int
  /// Never `automatic`.
  var shuffle: BloscShuffle
  /// Bytes an item.
  var itemSize: Int
  /// Bytes a block; 0 where who writes chooses.
  var blockSize = 0

  /// Bytes a block that Blosc is told when it encodes; 0 where Blosc chooses.
  ///
  /// For Zstandard up to level 5 Blosc chooses 32 to 256 kB. From more than 256 kB on, Zstandard takes other tables, with which it is faster, in
  /// encoding and in decoding; what is written stays about as short.
  var encodedBlockSize: Int { blockSize == 0 && compressor == .zstd && level <= 5 ? 512 << 10 : blockSize }
}
