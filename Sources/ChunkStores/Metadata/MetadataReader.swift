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

  /// Throws where the array or its chunk cannot be meant: ranks that differ, sizes beyond any disk or memory.
  func checkSizes(extent: [Int], chunk: [Int], itemSize: Int) throws(ChunkStoreError) {
    guard extent.count == chunk.count else {
      throw error("the shape has \(extent.count) axes (\(Extent(extent))) and the chunks have \(chunk.count) (\(Extent(chunk)))")
    }
    guard let count = product(extent + [itemSize]), count <= 1 << 60 else {
      throw error("the shape \(Extent(extent)) is larger than any disk", hint: "the metadata are damaged")
    }
    guard let count = product(chunk + [itemSize]), count <= 1 << 32 else {
      throw error(
        "a chunk of \(Extent(chunk)) voxels of \(itemSize) bytes is larger than 4 GiB",
        hint: "the metadata are damaged, or the array must be stored again in smaller chunks")
    }
  }

  private func product(_ values: [Int]) -> Int? {
    var product = 1
    for value in values {
      let (partial, overflow) = product.multipliedReportingOverflow(by: value)
      if overflow { return nil }
      product = partial
    }
    return product
  }

  func fillValue(_ value: JSON, for type: VoxelType) throws(ChunkStoreError) -> FillValue {
    guard let fill = FillValue(value, for: type) else { throw error("the fill value \(value.shown) is no \(type.rawValue)") }
    return fill
  }
}
