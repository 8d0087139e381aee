// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
public import Grids
public import Volumes

/// An N5 dataset in a store, read a box at a time: https://github.com/saalfeldlab/n5#file-system-specification
public struct N5Array: VoxelSource {
  package let metadata: N5Metadata
  private let store: any KeyValueStore
  private let node: String

  /// Opens the dataset at the key `node` of a store.
  ///
  /// - Throws: where there is none, or its attributes are damaged or ask for what is not supported.
  public static func open(in store: any KeyValueStore, node: String) throws(ChunkStoreError) -> N5Array {
    let file = store.name(of: StoreKey.join(node, N5Metadata.fileName))
    guard let attributes = try N5Metadata.attributes(in: store, at: node) else {
      throw ChunkStoreError("\(file) is not there", hint: "name the folder of an N5 dataset, which holds attributes.json")
    }
    return N5Array(metadata: try N5Metadata(attributes, file: file), store: store, node: node)
  }

  public var extent: Extent { metadata.extent }
  public var voxelType: VoxelType { metadata.voxelType }
  public var chunk: Extent { metadata.block }
  public var storage: String? { metadata.codec?.name ?? "not compressed" }

  /// Reads the voxels in `box`, converted to `type` (saturating); voxels of blocks that are not stored are 0.
  ///
  /// Each block that meets the box is fetched and decoded once. Memory: the result, one decoded block and one as it is stored; of
  /// stores that answer many requests at once as many as decode to 16 MB.
  ///
  /// - Throws: `ChunkStoreError` naming the file where one cannot be read or is damaged.
  /// - Precondition: `box` lies inside `extent`.
  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws(ChunkStoreError) -> VoxelBuffer<Voxel> {
    var voxels = VoxelBuffer<Voxel>(unwritten: box.extent)
    var span = voxels.mutableSpan
    try read(box, into: &span)
    return voxels
  }

  /// The same to memory of as many voxels, in C order; where an error is thrown, nothing there is of any value.
  public func read<Voxel: VoxelScalar>(_ box: Box, into voxels: inout MutableSpan<Voxel>) throws(ChunkStoreError) {
    precondition(box.rank == extent.rank && extent.box.contains(box), "\(box) lies outside a dataset of \(extent)")
    func gather<Stored: VoxelScalar>(_ stored: Stored.Type, _ result: BoxAssembly<Voxel>) throws(ChunkStoreError) {
      var voxels: [Stored] = []
      var rest = (box.isEmpty ? [] : box.tiles(of: chunk))[...]
      while !rest.isEmpty {
        let tiles = rest.prefix(store.chunksAtOnce(bytes: chunk.count * voxelType.size))
        rest = rest.dropFirst(tiles.count)
        let indexes = tiles.map { zip($0.lower, chunk.lengths).map { $0 / $1 } }
        let files = try store.get(indexes.map { ValueRequest(key($0)) })
        for (tile, (index, file)) in zip(tiles, zip(indexes, files)) {
          let origin = zip(index, chunk.lengths).map(*)
          let block: Extent? = if let file { try block(file.bytes, key(index), into: &voxels) } else { nil }
          // What the last block of an axis does not hold is 0.
          let held = block.map { tile.intersection(Box(lower: origin, extent: $0)) }
          if held != tile { result.fill(tile, 0) }
          if let block, let held, !held.isEmpty {
            result.place(held, from: voxels.span, beginningAt: origin, steps: block.strides)
          }
        }
      }
    }
    try unsafe voxels.withUnsafeMutableBufferPointer { memory throws(ChunkStoreError) in
      try unsafe gather(voxelType.scalar, BoxAssembly(box, in: memory))
    }
  }

  private func key(_ index: [Int]) -> String { StoreKey.join(node, index.reversed().map(String.init).joined(separator: "/")) }

  /// Decodes a block, whose memory is used again from block to block.
  ///
  /// - Returns: the extent that its header gives it.
  private func block<Stored: VoxelScalar>(_ file: [UInt8], _ key: String, into voxels: inout [Stored]) throws(ChunkStoreError) -> Extent {
    func error(_ reason: String) -> ChunkStoreError {
      ChunkStoreError(
        "the block \(store.name(of: key)) \(reason)",
        hint: "the file is damaged, or the dataset's attributes are not its own; copy it again from its source")
    }
    func number(_ offset: Int, bytes: Int) -> Int { file[offset..<offset + bytes].reduce(0) { $0 << 8 | Int($1) } }
    guard file.count >= 4 else { throw error("has \(file.count) bytes, less than its header") }
    // 0: a block of the usual kind; 1: one that says how many elements it has.
    let (mode, rank) = (number(0, bytes: 2), number(2, bytes: 2))
    guard mode <= 1 else { throw error("has the mode \(mode), which is not one of images") }
    let header = 4 + 4 * rank + (mode == 1 ? 4 : 0)
    guard rank == extent.rank, file.count >= header else { throw error("has \(rank) axes, and the dataset has \(extent.rank)") }
    let lengths = Extent((0..<rank).reversed().map { number(4 + 4 * $0, bytes: 4) })
    guard zip(lengths.lengths, chunk.lengths).allSatisfy({ $0 > 0 && $0 <= $1 }) else {
      throw error("is of \(lengths) voxels, and the dataset's blocks are of \(chunk)")
    }
    let expected = lengths.count * voxelType.size
    if mode == 1, number(header - 4, bytes: 4) != lengths.count {
      throw error("has \(number(header - 4, bytes: 4)) elements, and \(lengths) voxels")
    }
    let bytes = file.rawBytes.extracting(header...)
    if voxels.count != lengths.count { voxels = [Stored](unwritten: lengths.count) }
    var span = voxels.mutableSpan
    var target = span.mutableRawBytes
    if let codec = metadata.codec {
      let count: Int
      do { count = try codec.decode(bytes, into: &target) } catch .moreThan, .wrongCount {
        throw error("does not hold \(expected) bytes (\(lengths) voxels of \(voxelType.rawValue))")
      } catch {
        throw self.damaged(key, codec)
      }
      guard count == expected else { throw error("holds \(count) bytes, and \(expected) are expected (\(lengths) voxels)") }
    } else {
      guard bytes.byteCount == expected else {
        throw error("holds \(bytes.byteCount) bytes, and \(expected) are expected (\(lengths) voxels)")
      }
      ccodecs_copy_bytes(bytes, &target)
    }
    if voxelType.size > 1 { ccodecs_swap_bytes(&target, voxelType.size) }
    return lengths
  }

  private func damaged(_ key: String, _ codec: ByteCodec) -> ChunkStoreError {
    ChunkStoreError(
      "the block \(store.name(of: key)) is damaged: it cannot be decoded as \(codec.name)", hint: "copy it again from its source")
  }
}
