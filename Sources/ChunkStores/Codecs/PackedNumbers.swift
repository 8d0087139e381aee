// SPDX-License-Identifier: Apache-2.0

package import Volumes

/// Numbers as compressed bytes, for files of a run that no other program reads: Blosc with Zstandard at its fastest.
package enum PackedNumbers {
  /// Labels, which repeat, are not shuffled; neighbouring numbers, of which the high bytes are alike, are.
  private static func codec(_ itemSize: Int, areLabels: Bool = false) -> ByteCodec {
    let shuffle = areLabels ? BloscShuffle.none : BloscShuffle.automatic.resolved(itemSize: itemSize)
    return .blosc(BloscParameters(compressor: .zstd, level: areLabels ? 2 : 1, shuffle: shuffle, itemSize: itemSize))
  }

  /// The bytes of some numbers; the same on every machine.
  ///
  /// - Throws: `ChunkStoreError` where they are more than Blosc takes, 2 GB.
  @specialized(where Number == UInt32)
  @specialized(where Number == Int64)
  package static func pack<Number: VoxelScalar>(_ numbers: [Number], areLabels: Bool = false) throws(ChunkStoreError) -> [UInt8] {
    if numbers.isEmpty { return [] }
    do { return try codec(MemoryLayout<Number>.size, areLabels: areLabels).encoded(numbers.rawBytes) } catch {
      throw ChunkStoreError("\(numbers.count) numbers cannot be compressed at once", hint: "choose smaller tiles")
    }
  }

  /// The numbers of some bytes; `nil` where those are damaged.
  @specialized(where Number == UInt32)
  @specialized(where Number == UInt64)
  @specialized(where Number == Int64)
  package static func unpack<Number: VoxelScalar>(_ bytes: [UInt8], count: Int, as type: Number.Type) -> [Number]? {
    if count == 0 { return bytes.isEmpty ? [] : nil }
    var numbers = [Number](repeating: 0, count: count)
    var span = numbers.mutableSpan
    var target = span.mutableRawBytes
    guard let decoded = try? codec(MemoryLayout<Number>.size).decode(bytes.rawBytes, into: &target),
      decoded == count * MemoryLayout<Number>.size
    else { return nil }
    return numbers
  }
}
