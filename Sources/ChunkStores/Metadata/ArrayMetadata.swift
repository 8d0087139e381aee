// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Volumes

/// The two generations of the Zarr format.
public enum ZarrFormat: Int, Sendable, Hashable {
  /// `.zarray`, `.zattrs`, `.zgroup`: https://zarr-specs.readthedocs.io/en/latest/v2/v2.0.html
  case v2 = 2
  /// `zarr.json`: https://zarr-specs.readthedocs.io/en/latest/v3/core/index.html
  case v3 = 3
}

/// What a Zarr array says of itself: its shape, its chunks, and how they are stored.
public struct ArrayMetadata: Sendable, Equatable {
  /// The generation of the format.
  public var format: ZarrFormat
  /// Voxels along each axis.
  public var extent: Extent
  /// Voxels of a chunk along each axis; chunks at the array's end are stored whole.
  public var chunk: Extent
  /// Voxels of a shard along each axis, where chunks lie in shards, files of many chunks; `nil` where each is a file of its own.
  public var shard: Extent? { sharding?.shard }
  /// The format of a voxel.
  public var voxelType: VoxelType
  /// The value of voxels whose chunk is not stored.
  public var fillValue: FillValue
  /// The names of the axes, where the metadata hold them (v3 only); an axis without one is `nil`.
  public var dimensionNames: [String?]?

  /// Free members: v3's `attributes`, v2's `.zattrs`.
  package var attributes: [String: JSON] = [:]
  /// The array's axes in the order in which a chunk stores them, slowest first: `0, 1, 2` for C order, reversed for F order.
  var storedOrder: [Int]
  var isBigEndian = false
  var keyEncoding: ChunkKeyEncoding
  /// What turns a chunk's bytes into its file's (in a shard: its part of the file's), first one first.
  var codecs: [ByteCodec]
  var sharding: Sharding?
  /// Whether voxels are stored as 16-bit floats, which are read as 32-bit ones.
  var isHalfPrecision = false

  /// Metadata of a new array, each chunk with its CRC-32C where asked for: C order, little-endian, `/` between the parts of chunk keys.
  ///
  /// - Parameter shard: voxels of a file of chunks; `nil` for a file a chunk.
  /// - Precondition: `extent` and `chunk` have one rank, and no chunk length is zero; `shard` is a multiple of `chunk` along each axis, and
  ///   only v3 has it.
  public init(
    format: ZarrFormat, extent: Extent, chunk: Extent, shard: Extent? = nil, voxelType: VoxelType,
    compression: Compression = .standard, isChecksummed: Bool = false, fillValue: FillValue = 0, dimensionNames: [String?]? = nil
  ) {
    precondition(extent.rank == chunk.rank && !chunk.lengths.contains(0), "chunks of \(chunk) cannot tile \(extent)")
    if let shard {
      precondition(
        format == .v3 && shard.rank == chunk.rank && zip(shard.lengths, chunk.lengths).allSatisfy { $0 > 0 && $0 % $1 == 0 },
        "shards of \(shard) are not made of chunks of \(chunk)")
    }
    self.format = format
    self.extent = extent
    self.chunk = chunk
    self.voxelType = voxelType
    self.fillValue = fillValue
    self.dimensionNames = dimensionNames
    storedOrder = Array(0..<extent.rank)
    keyEncoding = format == .v2 ? ChunkKeyEncoding(prefix: "", separator: "/") : .nested
    codecs = compression.codecs(itemSize: voxelType.size) + (isChecksummed ? [.crc32c] : [])
    sharding = shard.map(Sharding.init)
  }

  /// The name of the file that holds the metadata.
  package var fileName: String { format == .v2 ? ".zarray" : "zarr.json" }

  /// Whether the parts of a chunk's index are folders.
  package var hasNestedChunks: Bool { keyEncoding.separator == "/" }

  /// The metadata file.
  package func encoded() -> [UInt8] { (format == .v2 ? v2JSON : v3JSON).encoded() }

  /// Bytes of a stored voxel.
  var itemSize: Int { isHalfPrecision ? 2 : voxelType.size }

  /// Bytes of one decoded chunk.
  var chunkByteCount: Int { chunk.count * itemSize }

  /// Voxels of a file of the array along each axis: what has one writer.
  public var unit: Extent { sharding?.shard ?? chunk }

  /// Steps in voxels of the stored chunk along each axis of the array.
  var storedStrides: [Int] {
    let stored = Extent(storedOrder.map { chunk[$0] }).strides
    var strides = [Int](repeating: 0, count: chunk.rank)
    for (place, axis) in storedOrder.enumerated() { strides[axis] = stored[place] }
    return strides
  }

  /// The voxels of the array that the file at `index` holds.
  func box(ofFile index: [Int]) -> Box {
    Box(lower: zip(index, unit.lengths).map(*), extent: unit).intersection(extent.box)
  }
}
