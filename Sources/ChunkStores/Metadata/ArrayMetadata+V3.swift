// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Zarr v3's `zarr.json` of an array: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html#array-metadata
extension ArrayMetadata {
  private static let knownMembers: Set<String> = [
    "zarr_format", "node_type", "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs", "attributes",
    "dimension_names", "storage_transformers",
  ]

  /// Reads the members of a `zarr.json` file.
  init(v3 json: JSON, file: String) throws(ChunkStoreError) {
    let reader = MetadataReader(object: json, file: file)
    guard try reader.require("zarr_format").whole == 3 else { throw reader.error("`zarr_format` is not 3") }
    let extent = try reader.lengths(try reader.require("shape"), called: "shape", atLeast: 0)
    let (type, isHalf) = try Self.voxelType(v3: try reader.require("data_type"), reader)
    let chunk = try Self.chunk(of: try reader.require("chunk_grid"), reader)
    try reader.checkShape(extent: extent, chunk: chunk, itemSize: type.size)
    guard json.members?["fill_value"] != nil else { throw reader.error("`fill_value` is missing") }
    self.init(
      format: .v3, extent: Extent(extent), chunk: Extent(chunk), voxelType: type, compression: .none,
      fillValue: try reader.fillValue(json["fill_value"] ?? .null, for: type, isHalfPrecision: isHalf))
    isHalfPrecision = isHalf
    attributes = json["attributes"]?.members ?? [:]
    if let names = json["dimension_names"]?.elements {
      guard names.count == extent.count else {
        throw reader.error("`dimension_names` has \(names.count) names for \(extent.count) axes")
      }
      dimensionNames = names.map(\.text)
    }
    if let encoding = json["chunk_key_encoding"] { keyEncoding = try ChunkKeyEncoding(encoding, reader) }
    try readCodecs(try reader.require("codecs"), reader)
    try reader.checkChunk(self.chunk.lengths, itemSize: type.size)
    if let transformer = json["storage_transformers"]?.elements?.first {
      throw reader.error("the storage transformer `\(transformer["name"]?.text ?? transformer.shown)` is not supported")
    }
    // The specification: what a reader does not know and must understand, it refuses.
    for (name, value) in (json.members ?? [:]).sorted(by: { $0.key < $1.key })
    where !Self.knownMembers.contains(name) && value != .null && value["must_understand"] != false {
      throw reader.error("the extension `\(name)` is not supported, and it must be understood")
    }
  }

  /// The members of a `zarr.json` file: codecs as objects, `endian` only where a voxel has several bytes, names of axes where known.
  var v3JSON: JSON {
    var members: [String: JSON] = [
      "zarr_format": 3,
      "node_type": "array",
      "shape": .integers(extent.lengths),
      "data_type": .string(isHalfPrecision ? Self.halfName : voxelType.rawValue),
      "chunk_grid": ["name": "regular", "configuration": ["chunk_shape": .integers(unit.lengths)]],
      "chunk_key_encoding": keyEncoding.json,
      "fill_value": fillValue.json(for: voxelType),
      "attributes": .object(attributes),
    ]
    // Inside shards, axes are permuted from the order that they have there.
    let outer = sharding?.order ?? Array(0..<extent.rank)
    let chain =
      Self.transposition(storedOrder.compactMap(outer.firstIndex(of:)))
      + [itemSize == 1 ? ["name": "bytes"] : ["name": "bytes", "configuration": ["endian": isBigEndian ? "big" : "little"]]]
      + codecs.map(\.v3JSON)
    members["codecs"] = .array(
      sharding.map { Self.transposition($0.order) + [$0.json(chunk: chunk, inner: chain)] + $0.codecs.map(\.v3JSON) } ?? chain)
    if let dimensionNames { members["dimension_names"] = .array(dimensionNames.map { $0.map(JSON.string) ?? .null }) }
    return .object(members)
  }

  private static let halfName = "float16"

  /// What brings axes into an order; nothing where they have it.
  private static func transposition(_ order: [Int]) -> [JSON] {
    order == Array(order.indices) ? [] : [["name": "transpose", "configuration": ["order": .integers(order)]]]
  }

  private static func voxelType(v3 json: JSON, _ reader: MetadataReader) throws(ChunkStoreError) -> (VoxelType, isHalfPrecision: Bool) {
    guard let name = json.text ?? json["name"]?.text else { throw reader.error("the data type \(json.shown) has no name") }
    if name == "bool" { return (.uint8, false) }
    if name == halfName { return (.float32, true) }
    guard let type = VoxelType(rawValue: name) else { throw unsupported(name, reader) }
    return (type, false)
  }

  private static func chunk(of json: JSON, _ reader: MetadataReader) throws(ChunkStoreError) -> [Int] {
    guard json["name"]?.text == "regular", let shape = json["configuration"]?["chunk_shape"] else {
      throw reader.error("the chunk grid \(json["name"]?.shown ?? json.shown) is not supported; `regular` with a `chunk_shape` is")
    }
    return try reader.lengths(shape, called: "chunk_shape", atLeast: 1)
  }

  private mutating func readCodecs(_ json: JSON, _ reader: MetadataReader) throws(ChunkStoreError) {
    guard let chain = json.elements, !chain.isEmpty else { throw reader.error("`codecs` is not a list of codecs: \(json.shown)") }
    let isInShard = sharding != nil
    var hasBytes = false
    for codec in chain {
      // Zarr 3.1 allows the bare name for a codec without configuration.
      guard let name = codec.text ?? codec["name"]?.text else { throw reader.error("a codec has no name: \(codec.shown)") }
      let configuration = codec["configuration"] ?? .null
      switch name {
      case "transpose" where !hasBytes:
        let order = configuration["order"]?.elements?.map { $0.whole ?? -1 } ?? []
        guard order.sorted() == Array(0..<extent.rank) else {
          throw reader.error("`transpose` has the order \(configuration["order"]?.shown ?? "null"), and the array has \(extent.rank) axes")
        }
        storedOrder = order.map { storedOrder[$0] }
      case "bytes" where !hasBytes:
        hasBytes = true
        switch configuration["endian"]?.text ?? "little" {
        case "little": break
        case "big": isBigEndian = itemSize > 1
        case let endian: throw reader.error("`bytes` has the endian `\(endian)`, and little and big are known")
        }
      case "sharding_indexed" where !hasBytes:
        guard !isInShard else {
          throw reader.error("shards inside shards are not supported", hint: "store the array again with one level of shards")
        }
        hasBytes = true
        try readShards(configuration, reader)
      default:
        guard hasBytes else { throw ByteCodec.unknown(name, reader) }
        let codec = try ByteCodec(name: name, configuration: configuration, itemSize: itemSize, reader)
        if isInShard || sharding == nil { codecs.append(codec) } else { sharding?.codecs.append(codec) }
      }
    }
    guard hasBytes else { throw reader.error("`codecs` lacks `bytes`, which turns voxels into bytes") }
  }

  /// Reads `sharding_indexed`: what was a chunk until here is a shard of them.
  private mutating func readShards(_ configuration: JSON, _ reader: MetadataReader) throws(ChunkStoreError) {
    sharding = try Sharding(configuration, shard: chunk, order: storedOrder, reader)
    let lengths = try reader.lengths(configuration["chunk_shape"] ?? .null, called: "chunk_shape", atLeast: 1)
    guard lengths.count == extent.rank else {
      throw reader.error("the chunks of a shard have \(lengths.count) axes, and the array has \(extent.rank)")
    }
    let shard = chunk
    chunk = Extent(extent.lengths.indices.map { axis in lengths[storedOrder.firstIndex(of: axis)!] })
    try reader.checkShard(shard, chunk: chunk)
    try readCodecs(configuration["codecs"] ?? .null, reader)
  }
}

extension ChunkKeyEncoding {
  fileprivate init(_ json: JSON, _ reader: MetadataReader) throws(ChunkStoreError) {
    let separator = json["configuration"]?["separator"]?.text
    switch json.text ?? json["name"]?.text {
    case "default": self.init(prefix: "c", separator: separator ?? "/")
    case "v2": self.init(prefix: "", separator: separator ?? ".")
    default: throw reader.error("the chunk key encoding \(json.shown) is not supported; `default` and `v2` are")
    }
    guard self.separator == "/" || self.separator == "." else {
      throw reader.error("the separator of chunk keys is `\(self.separator)`, and `.` and `/` are known")
    }
  }

  fileprivate var json: JSON {
    ["name": prefix.isEmpty ? "v2" : "default", "configuration": ["separator": .string(separator)]]
  }
}
