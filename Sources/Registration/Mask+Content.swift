// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Volumes

extension Mask {
  /// The part of an image that is not padding: the one value that skull stripping, stitching or rotation leave around it.
  ///
  /// - Returns: on the image's lattice; `nil` where less than half of its faces (2D: edges) is of one exact value, or all of it is.
  /// - Complexity: O(voxels).
  public static func content(of volume: Volume) -> Mask? {
    let values = volume.voxels.elements
    let lengths = volume.extent.lengths
    var counts: [Float: Int] = [:]
    var total = 0
    for axis in lengths.indices {
      let stride = lengths[(axis + 1)...].reduce(1, *)
      for position in Set([0, lengths[axis] - 1]) {
        for outer in 0..<lengths[..<axis].reduce(1, *) {
          let start = (outer * lengths[axis] + position) * stride
          for value in values[start..<start + stride] { counts[value, default: 0] += 1 }
          total += stride
        }
      }
    }
    guard let (padding, count) = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), 2 * count >= total else { return nil }
    let voxels = volume.voxels.mapVoxels { UInt8($0 == padding ? 0 : 1) }
    return voxels.elements.contains(1) ? Mask(voxels: voxels, space: volume.space) : nil
  }
}
