// SPDX-License-Identifier: Apache-2.0

internal import CCodecs
internal import Grids
internal import Volumes

/// Makes the bytes of chunks, one after the other, in memory that is used again: new memory would be entered by the system page by page,
/// which took a tenth of the time of compressing.
struct ChunkEncoder<Stored: VoxelScalar>: ~Copyable {
  private let metadata: ArrayMetadata
  private let fill: Stored
  private let strides: [Int]
  private var voxels: [Stored]
  private var bytes: [UInt8] = []
  private var spare: [UInt8] = []

  init(_ metadata: ArrayMetadata) {
    self.metadata = metadata
    fill = metadata.fillValue.voxel(as: Stored.self)
    strides = metadata.storedStrides
    voxels = [Stored](unwritten: metadata.chunk.count)
  }

  /// Calls `body` with the bytes of the chunk that covers `tile`, a part of `box`, whose voxels are `source`; what lies beyond the tile is
  /// the fill value. `nil`, and no call, where every voxel is, bit for bit.
  ///
  /// - Throws: `CodecFailure.failed` where it cannot be compressed; and what `body` throws, in the result.
  mutating func encode<Source: VoxelScalar, Value>(
    _ tile: Box, of source: VoxelBuffer<Source>, in box: Box, _ body: (RawSpan) -> Value
  ) throws(CodecFailure) -> Value? {
    if tile.extent != metadata.chunk { for index in voxels.indices { voxels[index] = fill } }
    let steps = box.extent.strides
    let offset = zip(zip(tile.lower, box.lower).map(-), steps).map(*).reduce(0, +)
    let strides = strides
    var target = voxels.mutableSpan
    copyStrided(
      tile.extent.lengths, from: source.span, StridedLayout(offset: offset, steps: steps), to: &target,
      StridedLayout(offset: 0, steps: strides))
    let one = [fill]
    if ccodecs_all_equal(voxels.rawBytes, one.rawBytes) != 0 { return nil }
    if metadata.isBigEndian {
      var span = voxels.mutableSpan
      var bytes = span.mutableRawBytes
      ccodecs_swap_bytes(&bytes, MemoryLayout<Stored>.size)
    }
    guard let first = metadata.codecs.first else { return body(voxels.rawBytes) }
    // Out of the encoder while they are written to.
    var (result, spare) = ([UInt8](), [UInt8]())
    swap(&result, &bytes)
    swap(&spare, &self.spare)
    defer {
      bytes = result
      self.spare = spare
    }
    var count = try first.encode(voxels.rawBytes, into: &result)
    for codec in metadata.codecs.dropFirst() {
      count = try codec.encode(result.rawBytes.extracting(first: count), into: &spare)
      swap(&result, &spare)
    }
    return body(result.rawBytes.extracting(first: count))
  }
}
