// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// The members of a metadata object, with errors that name the file and the member.
struct MetadataReader {
  let object: JSON
  let file: String

  func error(_ message: String, hint: String = "the metadata are damaged, or of a kind that is not read: write the array again")
    -> ChunkStoreError
  { ChunkStoreError("\(file): \(message)", hint: hint) }

  func require(_ name: String) throws(ChunkStoreError) -> JSON {
    guard let value = object[name] else { throw error("`\(name)` is missing") }
    return value
  }

  /// Lengths along the axes, each at least `minimum`.
  func lengths(_ value: JSON, called name: String, atLeast minimum: Int) throws(ChunkStoreError) -> [Int] {
    guard let elements = value.elements else { throw error("`\(name)` is not a list of whole numbers: \(value.shown)") }
    var lengths: [Int] = []
    for element in elements {
      guard let length = element.whole, length >= minimum else {
        throw error("`\(name)` holds \(element.shown), and each length is a whole number of at least \(minimum)")
      }
      lengths.append(length)
    }
    return lengths
  }

  /// Throws where array and chunk cannot be meant: ranks that differ, sizes beyond any disk.
  func checkShape(extent: [Int], chunk: [Int], itemSize: Int) throws(ChunkStoreError) {
    guard extent.count == chunk.count else {
      throw error("the shape has \(extent.count) axes (\(Extent(extent))) and the chunks have \(chunk.count) (\(Extent(chunk)))")
    }
    guard let count = (extent + [itemSize]).product, count <= 1 << 60 else {
      throw error("the shape \(Extent(extent)) is larger than any disk", hint: "the metadata are damaged")
    }
  }

  /// Throws where chunks are beyond any memory.
  func checkChunk(_ chunk: [Int], itemSize: Int) throws(ChunkStoreError) {
    guard let count = (chunk + [itemSize]).product, count <= 1 << 32 else {
      throw error(
        "a chunk of \(Extent(chunk)) voxels of \(itemSize) bytes is larger than 4 GiB",
        hint: "the metadata are damaged, or the array must be stored again in smaller chunks")
    }
  }

  /// Throws where a shard is not made of chunks, or of more than an index in memory can list.
  func checkShard(_ shard: Extent, chunk: Extent) throws(ChunkStoreError) {
    guard zip(shard.lengths, chunk.lengths).allSatisfy({ $0 % $1 == 0 }) else {
      throw error("shards of \(shard) voxels are not made of whole chunks of \(chunk)")
    }
    guard let count = zip(shard.lengths, chunk.lengths).map(/).product, count <= 1 << 22 else {
      throw error(
        "a shard of \(shard) voxels has more than four million chunks of \(chunk)",
        hint: "the metadata are damaged, or the array must be stored again in smaller shards")
    }
  }

  func fillValue(_ value: JSON, for type: VoxelType, isHalfPrecision: Bool = false) throws(ChunkStoreError) -> FillValue {
    if isHalfPrecision, let text = value.text, text.hasPrefix("0x"), let bits = UInt16(text.dropFirst(2), radix: 16) {
      return .real(Double(Float16(bitPattern: bits)))
    }
    guard let fill = FillValue(value, for: type) else { throw error("the fill value \(value.shown) is no \(type.rawValue)") }
    return fill
  }
}
