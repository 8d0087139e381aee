// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// One plane of pixels, across one axis of the fixed region.
struct ViewPlane: Sendable {
  /// The axis across the plane: 0 is z.
  let normal: Int
  /// Its pixels, one deep along `normal`.
  let box: Box
  let view: ViewLattice

  /// The axis that runs down the picture, and the one that runs to the right.
  var rowAxis: Int { normal == 0 ? 1 : 0 }
  var columnAxis: Int { normal == 2 ? 1 : 2 }
  var height: Int { box.extent[rowAxis] }
  var width: Int { box.extent[columnAxis] }
  /// Lengths of the sides, in the unit of the fixed image.
  var physicalHeight: Double { Double(height) * view.space.spacing[rowAxis] }
  var physicalWidth: Double { Double(width) * view.space.spacing[columnAxis] }

  /// Whether the first pixel is at the bottom, and whether it is on the right.
  var isUpsideDown: Bool { isMirrored(rowAxis, wantsZUp: true) }
  var isReversed: Bool { isMirrored(columnAxis, wantsZUp: false) }

  /// Whether an axis of voxels runs against the way in which it is shown.
  private func isMirrored(_ axis: Int, wantsZUp: Bool) -> Bool {
    guard view.isAnatomical, view.extent[0] > 1 else { return false }
    let parts = view.space.direction.map { $0[axis] }
    let world = parts.indices.max { abs(parts[$0]) < abs(parts[$1]) }!
    return (world == 0 && wantsZUp) ? parts[world] > 0 : parts[world] < 0
  }

  /// As `y–x`.
  var name: String { "\(Self.axes[rowAxis])–\(Self.axes[columnAxis])" }
  static let axes = ["z", "y", "x"]

  /// The voxels of the region that the plane averages, along the axis across it.
  func depth(in region: Extent) -> Range<Int> {
    let first = box.lower[normal] * view.factors[normal]
    return first..<min(first + view.factors[normal], region[normal])
  }
}
