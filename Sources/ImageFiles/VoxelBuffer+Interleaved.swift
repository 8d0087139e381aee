// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

extension VoxelBuffer {
  /// The pixels inside `box`, with some of their components: this buffer's last axis is components unless `channels` is nil.
  func interleavedPart(_ box: Box, channels: Range<Int>?) -> VoxelBuffer {
    guard let channels else { return cropped(to: box) }
    let components = extent[extent.rank - 1]
    let last = box.rank - 1
    // Components are cropped along with x, as a row that is longer.
    let rows = reshaped(to: Extent(Array(extent.lengths[..<last]) + [extent[last] * components]))
    let part = rows.cropped(
      to: Box(
        lower: box.lower[..<last] + [box.lower[last] * components], upper: box.upper[..<last] + [box.upper[last] * components]))
    let target = Extent(box.extent.lengths + [channels.count])
    if channels.count == components { return part.reshaped(to: target) }
    var result = VoxelBuffer(extent: target)
    var to = 0
    let source = part.span
    var span = result.mutableSpan
    for pixel in 0..<box.count {
      for channel in channels {
        span[to] = source[pixel * components + channel]
        to += 1
      }
    }
    return result
  }
}
