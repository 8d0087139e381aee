// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// Zarr v2's `.zarray`: https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html
extension ArrayMetadata {
  /// Reads the members of a `.zarray` file.
  init(v2 json: JSON, attributes: [String: JSON], file: String) throws(ChunkStoreError) {
    let reader = MetadataReader(object: json, file: file)
    guard try reader.require("zarr_format").whole == 2 else { throw reader.error("`zarr_format` is not 2") }
    let extent = try reader.lengths(try reader.require("shape"), called: "shape", atLeast: 0)
    let chunk = try reader.lengths(try reader.require("chunks"), called: "chunks", atLeast: 1)
    let (type, isBigEndian, isHalf) = try Self.voxelType(v2: try reader.require("dtype"), reader)
    try reader.checkShape(extent: extent, chunk: chunk, itemSize: type.size)
    try reader.checkChunk(chunk, itemSize: type.size)
    self.init(
      format: .v2, extent: Extent(extent), chunk: Extent(chunk), voxelType: type, compression: .none,
      fillValue: try reader.fillValue(json["fill_value"] ?? .null, for: type))
    self.isBigEndian = isBigEndian
    isHalfPrecision = isHalf
    self.attributes = attributes

    if let filter = json["filters"]?.elements?.first {
      throw reader.error("the filter `\(filter["id"]?.text ?? filter.shown)` is not supported", hint: "store the array without filters")
    }
    switch json["order"]?.text ?? "C" {
    case "C": break
    case "F": storedOrder.reverse()
    case let order: throw reader.error("`order` is `\(order)`, and C and F are known")
    }
    keyEncoding.separator = json["dimension_separator"]?.text ?? "."
    guard keyEncoding.separator == "/" || keyEncoding.separator == "." else {
      throw reader.error("`dimension_separator` is `\(keyEncoding.separator)`, and `.` and `/` are known")
    }
    if let compressor = json["compressor"] {
      guard let id = compressor["id"]?.text else { throw reader.error("the compressor has no `id`: \(compressor.shown)") }
      codecs = [try ByteCodec(name: id, configuration: compressor, itemSize: itemSize, reader)]
    }
  }

  /// The members of a `.zarray` file: `filters` null, `dimension_separator` explicit, no byte order for single bytes.
  var v2JSON: JSON {
    [
      "zarr_format": 2,
      "shape": .integers(extent.lengths),
      "chunks": .integers(chunk.lengths),
      "dtype": .string(v2Name),
      "compressor": codecs.first?.v2JSON ?? .null,
      "fill_value": fillValue.json(for: voxelType),
      "order": storedOrder == Array(0..<extent.rank) ? "C" : "F",
      "filters": nil,
      "dimension_separator": .string(keyEncoding.separator),
    ]
  }

  private static let v2Codes: [VoxelType: String] = [
    .uint8: "u1", .int8: "i1", .uint16: "u2", .int16: "i2", .uint32: "u4", .int32: "i4", .uint64: "u8", .int64: "i8", .float32: "f4",
    .float64: "f8",
  ]

  private var v2Name: String {
    (itemSize == 1 ? "|" : isBigEndian ? ">" : "<") + (isHalfPrecision ? Self.halfCode : Self.v2Codes[voxelType] ?? "")
  }

  private static let halfCode = "f2"

  private static func voxelType(v2 json: JSON, _ reader: MetadataReader) throws(ChunkStoreError) -> (
    VoxelType, isBigEndian: Bool, isHalfPrecision: Bool
  ) {
    guard let name = json.text else { throw reader.error("the dtype \(json.shown) is not a number format") }
    let code = String(name.dropFirst())
    if code == "b1" { return (.uint8, false, false) }
    let isHalf = code == halfCode
    guard let order = name.first, "<>|=".contains(order), let type = isHalf ? .float32 : v2Codes.first(where: { $0.value == code })?.key
    else { throw unsupported(name, reader) }
    return (type, order == ">" && type.size > 1, isHalf)
  }

  static func unsupported(_ name: String, _ reader: MetadataReader) -> ChunkStoreError {
    reader.error(
      "voxels of type `\(name)` are not supported",
      hint: "known are \(VoxelType.allCases.map(\.rawValue).joined(separator: ", ")), float16 and bool; convert the array to one of them")
  }
}
