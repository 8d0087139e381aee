// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Volumes

extension Mask {
  /// The part of an image that is not padding: the one value that skull stripping, stitching or rotation leave around it.
  ///
  /// Holes are filled. Voxels that are no numbers are padding.
  ///
  /// - Returns: on the image's lattice; `nil` where less than half of the numbers on its faces (2D: edges) is one exact value, or nothing
  ///   is left.
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
          for value in values[start..<start + stride] where value.isFinite {
            counts[value, default: 0] += 1
            total += 1
          }
        }
      }
    }
    guard let (padding, count) = counts.max(by: { ($0.value, $1.key) < ($1.value, $0.key) }), 2 * count >= total else { return nil }
    var content = BinaryVolume(extent: volume.extent.threeAxisForm, isInside: values.map { $0.isFinite && $0 != padding })
    content.fillHoles()
    guard content.isInside.contains(true) else { return nil }
    return Mask(voxels: VoxelBuffer(extent: volume.extent, elements: content.isInside.map { $0 ? 1 : 0 }), space: volume.space)
  }

  /// The voxels none of whose neighbours, diagonal ones too, lies outside; beyond the lattice nothing does. This mask where none is left.
  ///
  /// Voxels at the rim of content are means of content and padding, and interpolation mixes the two.
  public var withoutRim: Mask {
    var inner = BinaryVolume(extent: voxels.extent.threeAxisForm, isInside: voxels.elements.map { $0 != 0 })
    inner.shrink()
    guard inner.isInside.contains(true) else { return self }
    return Mask(voxels: VoxelBuffer(extent: voxels.extent, elements: inner.isInside.map { $0 ? 1 : 0 }), space: space)
  }
}
