// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Volumes

extension ChunkedArray {
  /// Writes voxels, converted to the array's type (saturating), their first one landing at `position`.
  ///
  /// The voxels are whole chunks, or whole shards where there are, clipped only at the array's end, so that every file has one writer.
  /// Each file appears whole or not at all. A chunk in which every voxel is the fill value, bit for bit, is not stored, and removed where
  /// it was; so is a shard of such chunks.
  ///
  /// - Throws: `ChunkStoreError` where the box lies outside the array or cuts a chunk or shard (naming the nearest box that does not), or a
  ///   file cannot be written.
  public func write<Voxel: VoxelScalar>(_ voxels: VoxelBuffer<Voxel>, at position: [Int]) throws(ChunkStoreError) {
    guard voxels.extent.rank == extent.rank, position.count == extent.rank else {
      throw ChunkStoreError("a box of \(voxels.extent.rank) axes cannot be written to \(path), which has \(extent.rank)")
    }
    guard !metadata.isHalfPrecision else {
      throw ChunkStoreError(
        "\(path) holds voxels of float16, which are read and not written", hint: "write a new array of float32")
    }
    let box = Box(lower: position, extent: voxels.extent)
    try checkAlignment(of: box)
    // Spelled out, so that every loop over voxels is compiled for its two types. A cast of a value to its own type copies nothing.
    switch Voxel.voxelType {
    case .uint8: try writeAny(voxels as! VoxelBuffer<UInt8>, box)
    case .int8: try writeAny(voxels as! VoxelBuffer<Int8>, box)
    case .uint16: try writeAny(voxels as! VoxelBuffer<UInt16>, box)
    case .int16: try writeAny(voxels as! VoxelBuffer<Int16>, box)
    case .uint32: try writeAny(voxels as! VoxelBuffer<UInt32>, box)
    case .int32: try writeAny(voxels as! VoxelBuffer<Int32>, box)
    case .uint64: try writeAny(voxels as! VoxelBuffer<UInt64>, box)
    case .int64: try writeAny(voxels as! VoxelBuffer<Int64>, box)
    case .float32: try writeAny(voxels as! VoxelBuffer<Float>, box)
    case .float64: try writeAny(voxels as! VoxelBuffer<Double>, box)
    }
  }

  private func checkAlignment(of box: Box) throws(ChunkStoreError) {
    guard extent.box.contains(box) else { throw ChunkStoreError("the box \(box) lies outside \(path) of \(extent)") }
    if box.isEmpty { return }
    let unit = metadata.unit
    let name = metadata.sharding == nil ? "chunks" : "shards"
    let lower = zip(box.lower, unit.lengths).map { $0 / $1 * $1 }
    let upper = (0..<extent.rank).map { min((box.upper[$0] + unit[$0] - 1) / unit[$0] * unit[$0], extent[$0]) }
    let legal = Box(lower: lower, upper: upper)
    guard legal == box else {
      throw ChunkStoreError(
        "the box \(box) cuts \(name) of \(path), which are \(unit) voxels; the nearest box of whole \(name) is \(legal)",
        hint: "write whole \(name), clipped only at the array's end")
    }
  }

  private func writeAny<Source: VoxelScalar>(_ voxels: VoxelBuffer<Source>, _ box: Box) throws(ChunkStoreError) {
    switch voxelType {
    case .uint8: try scatter(voxels, box, as: UInt8.self)
    case .int8: try scatter(voxels, box, as: Int8.self)
    case .uint16: try scatter(voxels, box, as: UInt16.self)
    case .int16: try scatter(voxels, box, as: Int16.self)
    case .uint32: try scatter(voxels, box, as: UInt32.self)
    case .int32: try scatter(voxels, box, as: Int32.self)
    case .uint64: try scatter(voxels, box, as: UInt64.self)
    case .int64: try scatter(voxels, box, as: Int64.self)
    case .float32: try scatter(voxels, box, as: Float.self)
    case .float64: try scatter(voxels, box, as: Double.self)
    }
  }

  private func scatter<Source: VoxelScalar, Stored: VoxelScalar>(
    _ voxels: VoxelBuffer<Source>, _ box: Box, as type: Stored.Type
  ) throws(ChunkStoreError) {
    var encoder = ChunkEncoder<Stored>(metadata)
    var staged: [StagedValue] = []
    do {
      for file in box.tiles(of: metadata.unit) {
        let key = key(ofFile: zip(file.lower, metadata.unit.lengths).map { $0 / $1 })
        let value =
          if let sharding = metadata.sharding {
            try shard(sharding, key, file, voxels, box, &encoder).map { (bytes) throws(ChunkStoreError) in
              try store.stage(key, bytes.rawBytes)
            }
          } else {
            try encoded(file, key, voxels, box, &encoder) { bytes in
              Result { () throws(ChunkStoreError) in try store.stage(key, bytes) }
            }?.get()
          }
        if let value { staged.append(value) } else { try store.remove(key) }
      }
    } catch {
      store.discard(staged)
      throw error
    }
    try store.commit(staged)
  }

  /// The bytes of a shard; `nil` where no chunk of it is to be stored.
  private func shard<Source: VoxelScalar, Stored: VoxelScalar>(
    _ sharding: Sharding, _ key: String, _ file: Box, _ voxels: VoxelBuffer<Source>, _ box: Box, _ encoder: inout ChunkEncoder<Stored>
  ) throws(ChunkStoreError) -> [UInt8]? {
    let counts = sharding.chunkCounts(chunk)
    var index = ShardIndex(count: counts.count)
    var bytes = [UInt8](repeating: 0, count: sharding.isIndexAtEnd ? 0 : sharding.indexByteCount(counts.count))
    // So that it does not move while it grows; what is not written to takes no memory.
    bytes.reserveCapacity(sharding.indexByteCount(counts.count) + counts.count * metadata.chunkByteCount)
    for tile in file.tiles(of: chunk) {
      let began = bytes.count
      let isStored: Void? = try encoded(tile, key, voxels, box, &encoder) { chunk in
        unsafe chunk.withUnsafeBytes { unsafe bytes.append(contentsOf: $0) }
      }
      guard isStored != nil else { continue }
      index[sharding.place(ofChunk: zip(tile.lower, chunk.lengths).map { $0 / $1 }, counts)] = began..<bytes.count
    }
    if index.isEmpty { return nil }
    do {
      let list = try index.encoded(sharding)
      if sharding.isIndexAtEnd { bytes += list } else { bytes.replaceSubrange(0..<list.count, with: list) }
      for codec in sharding.codecs { bytes = try codec.encoded(bytes.rawBytes) }
      return bytes
    } catch {
      throw uncompressible(key, bytes.count)
    }
  }

  /// What `body` makes of the bytes of a chunk; `nil` where it is not to be stored.
  private func encoded<Source: VoxelScalar, Stored: VoxelScalar, Value>(
    _ tile: Box, _ key: String, _ voxels: VoxelBuffer<Source>, _ box: Box, _ encoder: inout ChunkEncoder<Stored>, _ body: (RawSpan) -> Value
  ) throws(ChunkStoreError) -> Value? {
    do { return try encoder.encode(tile, of: voxels, in: box, body) } catch { throw uncompressible(key, metadata.chunkByteCount) }
  }

  private func uncompressible(_ key: String, _ count: Int) -> ChunkStoreError {
    ChunkStoreError(
      "a chunk of \(count) bytes for \(store.name(of: key)) cannot be compressed with "
        + (metadata.codecs + (metadata.sharding?.codecs ?? [])).map(\.name).joined(separator: " + "),
      hint: "choose smaller chunks or another compression")
  }
}
