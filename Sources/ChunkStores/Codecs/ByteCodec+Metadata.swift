// SPDX-License-Identifier: Apache-2.0

/// Codecs as metadata name them: numcodecs' configurations in v2, registered codecs and `numcodecs.…` in v3.
///
/// https://numcodecs.readthedocs.io and https://zarr-specs.readthedocs.io/en/latest/v3/codecs/index.html
extension ByteCodec {
  /// The codec of that name; v2's and v3's configurations have the same members, but for Blosc's shuffle, which is a number or a name.
  init(name: String, configuration: JSON, itemSize: Int, _ reader: MetadataReader) throws(ChunkStoreError) {
    func level(_ standard: Int) -> Int { configuration["level"]?.whole ?? standard }
    switch name.hasPrefix("numcodecs.") ? String(name.dropFirst("numcodecs.".count)) : name {
    case "blosc":
      let compressorName = configuration["cname"]?.text ?? "lz4"
      guard let compressor = BloscCompressor(rawValue: compressorName) else {
        throw reader.error("Blosc has no compressor `\(compressorName)`")
      }
      let stated = configuration["typesize"]?.whole ?? itemSize
      self = .blosc(
        BloscParameters(
          compressor: compressor, level: configuration["clevel"]?.whole ?? 5,
          shuffle: try Self.shuffle(configuration["shuffle"], reader).resolved(itemSize: stated), itemSize: stated,
          blockSize: configuration["blocksize"]?.whole ?? 0))
    case "zstd": self = .zstd(level: level(0), checksum: configuration["checksum"] == true, itemSize: itemSize)
    case "zlib": self = .zlib(level: level(1))
    case "gzip": self = .gzip(level: level(1))
    case "lz4": self = .lz4(acceleration: configuration["acceleration"]?.whole ?? 1)
    case "bz2": self = .bz2(level: level(1))
    case "crc32c": self = .crc32c
    default: throw Self.unknown(name, reader)
    }
  }

  static func unknown(_ name: String, _ reader: MetadataReader) -> ChunkStoreError {
    reader.error(
      "the codec `\(name)` is not supported",
      hint: "known are blosc, zstd, gzip, zlib, lz4, bz2, crc32c and no compression; store the array again with one of them")
  }

  private static func shuffle(_ json: JSON?, _ reader: MetadataReader) throws(ChunkStoreError) -> BloscShuffle {
    switch json {
    case nil: return .bytes
    case .string(let name):
      if let shuffle = BloscShuffle(rawValue: name), shuffle != .automatic { return shuffle }
    case .integer(let code):
      switch code {
      case -1: return .automatic
      case 0: return .none
      case 1: return .bytes
      case 2: return .bits
      default: break
      }
    default: break
    }
    throw reader.error("Blosc has no shuffle \(json?.shown ?? "null")")
  }

  /// The codec as v2's `compressor`; no checksum for Zstandard, which some readers refuse.
  var v2JSON: JSON {
    switch self {
    case .blosc(let parameters):
      [
        "id": "blosc", "cname": .string(parameters.compressor.rawValue), "clevel": .integer(Int64(parameters.level)),
        "shuffle": .integer(Int64(parameters.shuffle.code)), "blocksize": .integer(Int64(parameters.blockSize)),
      ]
    case .lz4(let acceleration): ["id": "lz4", "acceleration": .integer(Int64(acceleration))]
    case .zstd(let level, _, _), .zlib(let level), .gzip(let level), .bz2(let level):
      ["id": .string(name), "level": .integer(Int64(level))]
    case .crc32c, .lz4Blocks: ["id": .string(name)]
    }
  }

  /// The codec as one of v3's `codecs`.
  var v3JSON: JSON {
    switch self {
    case .blosc(let parameters):
      [
        "name": "blosc",
        "configuration": [
          "cname": .string(parameters.compressor.rawValue), "clevel": .integer(Int64(parameters.level)),
          "shuffle": .string(parameters.shuffle.rawValue), "typesize": .integer(Int64(parameters.itemSize)),
          "blocksize": .integer(Int64(parameters.blockSize)),
        ],
      ]
    case .zstd(let level, let checksum, _):
      ["name": "zstd", "configuration": ["level": .integer(Int64(level)), "checksum": .boolean(checksum)]]
    case .gzip(let level): ["name": "gzip", "configuration": ["level": .integer(Int64(level))]]
    case .zlib(let level), .bz2(let level):
      ["name": .string("numcodecs." + name), "configuration": ["level": .integer(Int64(level))]]
    case .lz4(let acceleration): ["name": "numcodecs.lz4", "configuration": ["acceleration": .integer(Int64(acceleration))]]
    case .crc32c, .lz4Blocks: ["name": .string(name)]
    }
  }
}
