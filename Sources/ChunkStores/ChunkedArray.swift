// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Volumes

/// A Zarr array in a store, read and written a box at a time.
///
/// Nothing is held but the metadata; every read goes to the store, and boxes may be read and written from many threads at once, as long
/// as no chunk has two writers.
public struct ChunkedArray: VoxelSource {
  /// What the array says of itself.
  public let metadata: ArrayMetadata
  let store: any KeyValueStore
  /// The key of the array's own node; empty where it is the store's root.
  let node: String
  /// Where chunks are kept as they are decoded, and what the array is called there.
  private(set) var decoded: (chunks: DecodedChunks, array: Int)?

  init(metadata: ArrayMetadata, store: any KeyValueStore, node: String) {
    self.metadata = metadata
    self.store = store
    self.node = node
  }

  /// The same array, whose compressed chunks are kept as they are decoded, for boxes that are read later.
  public func keeping(_ decoded: DecodedChunks) -> ChunkedArray {
    var array = self
    array.decoded = (decoded, decoded.number(of: path))
    return array
  }

  /// The path of the array, for messages.
  public var path: String { node.isEmpty ? String(store.name(of: "").dropLast()) : store.name(of: node) }

  public var extent: Extent { metadata.extent }
  public var voxelType: VoxelType { metadata.voxelType }
  public var chunk: Extent { metadata.chunk }

  public var storage: String? {
    var parts = [metadata.codecs.isEmpty ? "not compressed" : metadata.codecs.map(\.description).joined(separator: ", ")]
    if let shard = metadata.shard { parts.append("in shards of \(shard)") }
    if metadata.isBigEndian { parts.append("big-endian") }
    if metadata.storedOrder != Array(0..<extent.rank) { parts.append("axes stored in the order \(metadata.storedOrder)") }
    return parts.joined(separator: "; ")
  }

  /// Opens the array in a folder.
  ///
  /// - Throws: where the folder holds no Zarr array, or one whose metadata are damaged or ask for what is not supported.
  public static func open(at directory: String) throws(ChunkStoreError) -> ChunkedArray {
    try open(in: LocalStore(directory: directory), node: "")
  }

  /// Opens the array at the key `node` of a store.
  ///
  /// - Throws: where there is no Zarr array, or one whose metadata are damaged or ask for what is not supported.
  public static func open(in store: any KeyValueStore, node: String) throws(ChunkStoreError) -> ChunkedArray {
    let path = node.isEmpty ? String(store.name(of: "").dropLast()) : store.name(of: node)
    switch try ZarrNode.read(in: store, at: node) {
    case .array(let metadata): return ChunkedArray(metadata: metadata, store: store, node: node)
    case .group: throw ChunkStoreError("\(path) is a Zarr group, not an array", hint: "name an array inside it, as \(path)/0")
    case nil:
      throw ChunkStoreError(
        "\(path) holds no Zarr array: neither .zarray nor zarr.json is there",
        hint: "name the folder of an array, which holds .zarray or zarr.json")
    }
  }

  /// Creates an array in a folder: writes its metadata, and no chunk.
  ///
  /// - Throws: where the metadata cannot be written.
  public static func create(at directory: String, _ metadata: ArrayMetadata) throws(ChunkStoreError) -> ChunkedArray {
    try create(in: LocalStore(directory: directory), node: "", metadata)
  }

  /// Creates an array at the key `node` of a store: writes its metadata, and no chunk.
  ///
  /// - Throws: where the metadata cannot be written.
  public static func create(
    in store: any KeyValueStore, node: String, _ metadata: ArrayMetadata
  ) throws(ChunkStoreError) -> ChunkedArray {
    try store.put(StoreKey.join(node, metadata.fileName), metadata.encoded())
    if metadata.format == .v2 && !metadata.attributes.isEmpty {
      try store.put(StoreKey.join(node, ".zattrs"), JSON.object(metadata.attributes).encoded())
    }
    return ChunkedArray(metadata: metadata, store: store, node: node)
  }

  /// How many files that meet `box` are stored, each a chunk or a shard; what is not stored is fill value.
  ///
  /// - Complexity: one look into the store a file.
  public func storedChunkCount(in box: Box) -> Int {
    fileIndices(meeting: box).count { store.contains(key(ofFile: $0)) }
  }

  /// How many files are stored in all, each a chunk or a shard; what is not stored is fill value.
  ///
  /// - Complexity: each folder of chunks is listed once; where chunks do not lie in folders, one look into the store a file.
  public func storedChunkCount() -> Int {
    guard metadata.keyEncoding.separator == "/", extent.rank > 0 else { return storedChunkCount(in: extent.box) }
    let chunks = extent.dividedRoundingUp(by: metadata.unit)
    func count(below prefix: String, axis: Int) -> Int {
      let names = store.names(below: prefix).filter { Int($0).map { 0..<chunks[axis] ~= $0 } ?? false }
      guard axis < chunks.rank - 1 else { return names.count }
      return names.reduce(0) { $0 + count(below: StoreKey.join(prefix, $1), axis: axis + 1) }
    }
    return count(below: StoreKey.join(node, metadata.keyEncoding.prefix), axis: 0)
  }

  /// Whether no file of chunks is stored, so that all voxels are fill value; false where the store does not tell what it holds.
  ///
  /// - Complexity: folders are listed until a file is found.
  public var holdsNothing: Bool {
    guard store.listsNames else { return false }
    guard extent.rank > 0 else { return storedChunkCount() == 0 }
    guard metadata.keyEncoding.separator == "/" else {
      let isKey = { (name: String) in name.split(separator: ".").allSatisfy { Int($0) != nil || $0 == "c" } }
      return !store.names(below: node).contains(where: isKey)
    }
    func holds(below prefix: String, axis: Int) -> Bool {
      store.names(below: prefix).contains { name in
        Int(name) != nil && (axis == extent.rank - 1 || holds(below: StoreKey.join(prefix, name), axis: axis + 1))
      }
    }
    return !holds(below: StoreKey.join(node, metadata.keyEncoding.prefix), axis: 0)
  }

  /// The names of the files that meet `box` and cannot be read, or are not what was written where the array has checksums.
  public func damagedChunks(in box: Box) -> [String] {
    fileIndices(meeting: box).filter { !isReadable(metadata.box(ofFile: $0)) }.map { store.name(of: key(ofFile: $0)) }
  }

  /// Whether all chunks of a file can be read, some at a time: a shard need not fit in memory, and its index is read each time.
  private func isReadable(_ box: Box) -> Bool {
    var size = chunk.lengths
    for axis in size.indices.reversed() {
      while size[axis] < box.extent[axis], 2 * size.reduce(1, *) <= 1 << 24 { size[axis] *= 2 }
    }
    return box.tiles(of: Extent(size)).allSatisfy { (try? read($0, as: Float.self)) != nil }
  }

  private func fileIndices(meeting box: Box) -> some Sequence<[Int]> {
    let unit = metadata.unit.lengths
    let upper = zip(box.upper, unit).map { ($0 + $1 - 1) / $1 }
    return Box(lower: zip(box.lower, unit).map(/), upper: box.isEmpty ? box.lower.map { _ in 0 } : upper).indices
  }

  /// The key of the file at `index`, a chunk or a shard.
  func key(ofFile index: [Int]) -> String { StoreKey.join(node, metadata.keyEncoding.key(of: index)) }
}
