// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
public import Grids
public import Volumes

extension ChunkedArray {
  /// Reads the voxels in `box`, converted to `type` (saturating); voxels of chunks that are not stored have the fill value.
  ///
  /// Each chunk that meets the box is fetched and decoded once. Memory: the result, one decoded chunk and one as it is stored; of stores that
  /// answer many requests at once as many as decode to 16 MB.
  ///
  /// - Throws: `ChunkStoreError` naming the file and the chunk where one cannot be read, is damaged, or has not the length that the
  ///   metadata give it.
  /// - Precondition: `box` lies inside `extent`.
  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws(ChunkStoreError) -> VoxelBuffer<Voxel> {
    var voxels = VoxelBuffer<Voxel>(unwritten: box.extent)
    var span = voxels.mutableSpan
    try read(box, into: &span)
    return voxels
  }

  /// The same to memory of as many voxels, in C order; where an error is thrown, nothing there is of any value.
  public func read<Voxel: VoxelScalar>(_ box: Box, into voxels: inout MutableSpan<Voxel>) throws(ChunkStoreError) {
    precondition(box.rank == extent.rank && extent.box.contains(box), "\(box) lies outside \(path) of \(extent)")
    try unsafe voxels.withUnsafeMutableBufferPointer { memory throws(ChunkStoreError) in
      // Spelled out, so that every loop over voxels is compiled for its two types.
      switch Voxel.voxelType {
      case .uint8: try unsafe readOwn(box, UInt8.self, into: memory)
      case .int8: try unsafe readOwn(box, Int8.self, into: memory)
      case .uint16: try unsafe readOwn(box, UInt16.self, into: memory)
      case .int16: try unsafe readOwn(box, Int16.self, into: memory)
      case .uint32: try unsafe readOwn(box, UInt32.self, into: memory)
      case .int32: try unsafe readOwn(box, Int32.self, into: memory)
      case .uint64: try unsafe readOwn(box, UInt64.self, into: memory)
      case .int64: try unsafe readOwn(box, Int64.self, into: memory)
      case .float32: try unsafe readOwn(box, Float.self, into: memory)
      case .float64: try unsafe readOwn(box, Double.self, into: memory)
      }
    }
  }

  /// - Parameter own: `Voxel`.
  private func readOwn<Voxel: VoxelScalar, Own: VoxelScalar>(
    _ box: Box, _ own: Own.Type, into memory: UnsafeMutableBufferPointer<Voxel>
  ) throws(ChunkStoreError) {
    // A cast of a value to its own type copies nothing.
    try unsafe readAny(box, BoxAssembly(box, in: memory as! UnsafeMutableBufferPointer<Own>))
  }

  public func willRead(_ box: Box) {
    guard !box.isEmpty, metadata.sharding == nil else { return }
    let tiles = box.tiles(of: chunk).prefix(store.chunksAhead(bytes: metadata.chunkByteCount))
    store.willGet(tiles.map { tile in ValueRequest(key(ofFile: zip(tile.lower, chunk.lengths).map { $0 / $1 })) })
  }

  private func readAny<Target: VoxelScalar>(_ box: Box, _ result: BoxAssembly<Target>) throws(ChunkStoreError) {
    switch voxelType {
    case .uint8: try gather(box, UInt8.self, result)
    case .int8: try gather(box, Int8.self, result)
    case .uint16: try gather(box, UInt16.self, result)
    case .int16: try gather(box, Int16.self, result)
    case .uint32: try gather(box, UInt32.self, result)
    case .int32: try gather(box, Int32.self, result)
    case .uint64: try gather(box, UInt64.self, result)
    case .int64: try gather(box, Int64.self, result)
    case .float32: try gather(box, Float.self, result)
    case .float64: try gather(box, Double.self, result)
    }
  }

  private func gather<Stored: VoxelScalar, Target: VoxelScalar>(
    _ box: Box, _ stored: Stored.Type, _ result: BoxAssembly<Target>
  ) throws(ChunkStoreError) {
    let fill = metadata.fillValue.voxel(as: Stored.self).saturated(to: Target.self)
    if box.isEmpty { return }
    let steps = metadata.storedStrides
    var voxels: [Stored] = []
    defer { decoded?.chunks.giveBack(voxels) }
    func place(_ tile: Box, _ index: [Int], _ key: String, _ bytes: [UInt8]?) throws(ChunkStoreError) {
      guard let bytes else { return result.fill(tile, fill) }
      let origin = zip(index, chunk.lengths).map(*)
      if metadata.isPlain(bytes) {
        result.place(tile, from: unsafe bytes.rawBytes._unsafeView(as: Stored.self), beginningAt: origin, steps: steps)
      } else {
        try decode(bytes, index, key, into: &voxels)
        result.place(tile, from: voxels.span, beginningAt: origin, steps: steps)
        guard let decoded else { return }
        decoded.chunks.keep(voxels, of: place(of: index, in: decoded.array))
        // What is kept is not written over.
        voxels = []
      }
    }
    func index(_ box: Box, _ unit: Extent) -> [Int] { zip(box.lower, unit.lengths).map { $0 / $1 } }
    let chunks = extent.dividedRoundingUp(by: chunk)
    func place(of index: [Int], in array: Int) -> DecodedChunks.Place {
      DecodedChunks.Place(array: array, chunk: zip(index, chunks.lengths).reduce(0) { $0 * $1.1 + $1.0 })
    }
    /// Places a chunk that was decoded for an earlier box.
    func placeKept(_ tile: Box) -> Bool {
      guard let decoded, let kept = decoded.chunks.voxels(of: place(of: index(tile, chunk), in: decoded.array), as: Stored.self) else {
        return false
      }
      result.place(tile, from: kept.span, beginningAt: zip(index(tile, chunk), chunk.lengths).map(*), steps: steps)
      return true
    }
    /// Fetches the chunks of parts of the box, as many at once as the store takes, and announces those that come next.
    func place(
      _ tiles: [Box], key: (Box) -> String, announce: ([Box]) -> Void, _ fetch: ([Box]) throws(ChunkStoreError) -> [[UInt8]?]
    ) throws(ChunkStoreError) {
      var rest = tiles.filter { !placeKept($0) }[...]
      var announced = 0
      while !rest.isEmpty {
        let group = Array(rest.prefix(store.chunksAtOnce(bytes: metadata.chunkByteCount)))
        // What is to be kept gets its memory first: behind the bytes of a file, which go again, it would leave a hole as large as these.
        if let decoded, voxels.isEmpty, !metadata.codecs.isEmpty { voxels = decoded.chunks.memory(chunk.count, as: Stored.self) }
        rest = rest.dropFirst(group.count)
        let ahead = rest.prefix(store.chunksAhead(bytes: metadata.chunkByteCount))[max(announced, rest.startIndex)...]
        announce(Array(ahead))
        announced = ahead.endIndex
        for (tile, bytes) in zip(group, try fetch(group)) { try place(tile, index(tile, chunk), key(tile), bytes) }
      }
    }
    guard let sharding = metadata.sharding else {
      func key(_ tile: Box) -> String { self.key(ofFile: index(tile, chunk)) }
      try place(box.tiles(of: chunk), key: key, announce: { store.willGet($0.map { ValueRequest(key($0)) }) }) {
        (tiles) throws(ChunkStoreError) in
        try store.get(tiles.map { ValueRequest(key($0)) }).map { $0?.bytes }
      }
      return
    }
    let counts = sharding.chunkCounts(chunk)
    for part in box.tiles(of: sharding.shard) {
      let key = key(ofFile: index(part, sharding.shard))
      guard let shard = try Shard(self, sharding, key: key) else {
        result.fill(part, fill)
        continue
      }
      func places(_ tiles: [Box]) -> [Int] { tiles.map { sharding.place(ofChunk: index($0, chunk), counts) } }
      try place(part.tiles(of: chunk), key: { _ in key }, announce: { shard.willRead(places($0)) }) { (tiles) throws(ChunkStoreError) in
        try shard.bytes(at: places(tiles))
      }
    }
  }

  /// Decodes a chunk into voxels in the order in which it is stored; their memory is used again from chunk to chunk.
  private func decode<Stored: VoxelScalar>(
    _ bytes: [UInt8], _ index: [Int], _ key: String, into voxels: inout [Stored]
  ) throws(ChunkStoreError) {
    do {
      guard metadata.isHalfPrecision else { return try metadata.decode(bytes, into: &voxels) }
      var halves: [UInt16] = []
      try metadata.decode(bytes, into: &halves)
      voxels = halves.map { Float(Float16(bitPattern: $0)) } as! [Stored]
    } catch {
      throw error.described(
        file: store.name(of: key), index: index, expected: metadata.chunkByteCount, codecs: metadata.codecs,
        meaning: "\(chunk) voxels of \(metadata.isHalfPrecision ? "float16" : voxelType.rawValue)")
    }
  }
}

extension ArrayMetadata {
  /// Whether the bytes of a chunk are its voxels as memory has them.
  fileprivate func isPlain(_ bytes: [UInt8]) -> Bool {
    codecs.isEmpty && bytes.count == chunkByteCount && !isHalfPrecision && (!isBigEndian || itemSize == 1)
  }

  /// Decodes the bytes of a chunk into items of the size of a stored voxel.
  fileprivate func decode<Item: VoxelScalar>(_ file: [UInt8], into items: inout [Item]) throws(CodecFailure) {
    // Codecs but the last to be undone give bytes of a length that only their frames know.
    var bytes = file
    for codec in codecs.dropFirst().reversed() { bytes = try codec.decodedToUnknownLength(bytes, limit: 2 * chunkByteCount + 65536) }
    if let first = codecs.first {
      // Told before memory is taken, where the frame says it.
      if let stated = try first.statedCount(of: bytes.rawBytes), stated != chunkByteCount { throw .wrongCount(stated) }
      if let most = first.largestCount(of: bytes.count), most < chunkByteCount { throw .lessThan(most) }
    } else if bytes.count != chunkByteCount {
      throw .wrongCount(bytes.count)
    }
    if items.count != chunk.count { items = [Item](unwritten: chunk.count) }
    var span = items.mutableSpan
    var target = span.mutableRawBytes
    if let codec = codecs.first {
      let count = try codec.decode(bytes.rawBytes, into: &target)
      guard count == chunkByteCount else { throw .wrongCount(count) }
    } else {
      ccodecs_copy_bytes(bytes.rawBytes, &target)
    }
    if isBigEndian { ccodecs_swap_bytes(&target, itemSize) }
  }
}

extension ByteCodec {
  /// Decodes bytes of a length that only their frame knows.
  ///
  /// - Throws: `CodecFailure` where they are damaged, or more than `limit`.
  func decodedToUnknownLength(_ bytes: [UInt8], limit: Int) throws(CodecFailure) -> [UInt8] {
    var capacity = min(max(4 * bytes.count, 4096), limit)
    if let stated = try statedCount(of: bytes.rawBytes) {
      guard stated <= limit else { throw .wrongCount(stated) }
      capacity = stated
    }
    while true {
      var result = [UInt8](unwritten: capacity)
      do {
        var span = result.mutableSpan
        var target = span.mutableRawBytes
        let count = try decode(bytes.rawBytes, into: &target)
        result.removeLast(capacity - count)
        return result
      } catch .moreThan(let count) where count < limit {
        capacity = min(2 * capacity, limit)
      } catch {
        throw error
      }
    }
  }
}

extension CodecFailure {
  fileprivate func described(file: String, index: [Int], expected: Int, codecs: [ByteCodec], meaning: String) -> ChunkStoreError {
    let chunk = "chunk (\(index.map(String.init).joined(separator: ", "))) in \(file)"
    let names = codecs.isEmpty ? "raw" : codecs.map(\.name).joined(separator: " + ")
    let hint = "the file is damaged, or the array's metadata are not its own; copy it again from its source"
    return switch self {
    case .damaged, .failed: ChunkStoreError("\(chunk) is damaged: it cannot be decoded as \(names)", hint: hint)
    case .lessThan(let count):
      ChunkStoreError("\(chunk) holds at most \(count) bytes, and \(expected) are expected (\(meaning))", hint: hint)
    case .moreThan(let count):
      ChunkStoreError("\(chunk) holds more than \(count) bytes, and \(expected) are expected (\(meaning))", hint: hint)
    case .wrongCount(let count): ChunkStoreError("\(chunk) holds \(count) bytes, and \(expected) are expected (\(meaning))", hint: hint)
    }
  }
}

/// What was in `place`, where `new` is now.
private func exchange<Value>(_ place: inout Value, with new: Value) -> Value {
  var old = new
  swap(&old, &place)
  return old
}
