// SPDX-License-Identifier: Apache-2.0

/// How the index of a chunk becomes a key.
///
/// https://zarr-specs.readthedocs.io/en/latest/v3/chunk-key-encodings/index.html
struct ChunkKeyEncoding: Sendable, Hashable {
  /// What stands before the index: `c` for v3's default encoding, nothing for v2's.
  var prefix: String
  /// `/` or `.`.
  var separator: String

  static let nested = ChunkKeyEncoding(prefix: "c", separator: "/")

  func key(of index: [Int]) -> String {
    let parts = (prefix.isEmpty ? [] : [prefix]) + index.map(String.init)
    return parts.isEmpty ? "0" : parts.joined(separator: separator)
  }
}
