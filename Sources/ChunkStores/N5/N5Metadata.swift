// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Volumes

/// What an N5 dataset says of itself, its axes turned into C order: https://github.com/saalfeldlab/n5#file-system-specification
///
/// N5 lists axes fastest first; here, as everywhere in Weft, the slowest is first.
package struct N5Metadata: Sendable {
  package var extent: Extent
  /// Voxels of a block; the last ones may be stored shorter.
  package var block: Extent
  package var voxelType: VoxelType
  /// What undoes the compression; `nil` for raw blocks.
  var codec: ByteCodec?
  /// All members of `attributes.json`.
  package var attributes: [String: JSON]

  /// The file of a node that holds its attributes.
  package static let fileName = "attributes.json"

  /// The attributes of a node; `nil` where it has none.
  package static func attributes(in store: any KeyValueStore, at node: String) throws(ChunkStoreError) -> [String: JSON]? {
    let key = StoreKey.join(node, fileName)
    guard let bytes = try store.get(key) else { return nil }
    let json = try JSON.parse(bytes, file: store.name(of: key))
    guard let members = json.members else {
      throw ChunkStoreError("\(store.name(of: key)) is no JSON object", hint: "the file is damaged; copy the image again from its source")
    }
    return members
  }

  /// Whether attributes are those of a dataset, not of a group.
  package static func isDataset(_ attributes: [String: JSON]) -> Bool { attributes["dimensions"] != nil && attributes["dataType"] != nil }

  /// Reads the attributes of a dataset.
  ///
  /// - Throws: where they are damaged, or ask for what is not supported.
  init(_ attributes: [String: JSON], file: String) throws(ChunkStoreError) {
    let reader = MetadataReader(object: .object(attributes), file: file)
    let lengths = try reader.lengths(try reader.require("dimensions"), called: "dimensions", atLeast: 0)
    let block = try reader.lengths(try reader.require("blockSize"), called: "blockSize", atLeast: 1)
    let name = try reader.require("dataType")
    guard let type = name.text.flatMap(VoxelType.init(rawValue:)) else {
      throw ArrayMetadata.unsupported(name.text ?? name.shown, reader)
    }
    try reader.checkShape(extent: lengths, chunk: block, itemSize: type.size)
    try reader.checkChunk(block, itemSize: type.size)
    extent = Extent(lengths.reversed())
    self.block = Extent(block.reversed())
    voxelType = type
    self.attributes = attributes
    codec = try Self.codec(attributes, itemSize: type.size, reader)
  }

  /// `compression`, an object with a `type`; before N5 2.0 `compressionType`, a name.
  private static func codec(_ attributes: [String: JSON], itemSize: Int, _ reader: MetadataReader) throws(ChunkStoreError) -> ByteCodec? {
    let compression = attributes["compression"] ?? .null
    switch compression["type"]?.text ?? attributes["compressionType"]?.text ?? "raw" {
    case "raw": return nil
    case "lz4": return .lz4Blocks
    case "bzip2": return .bz2(level: 1)
    case let name where ["gzip", "zstd", "zstandard", "blosc"].contains(name):
      // Levels and shuffles are written in the blocks themselves.
      return try ByteCodec(name: name == "zstandard" ? "zstd" : name, configuration: .null, itemSize: itemSize, reader)
    case let name:
      throw reader.error(
        "the compression `\(name)` is not supported",
        hint: "known are raw, gzip, bzip2, lz4, zstd and blosc; store the dataset again with one of them")
    }
  }
}
