// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Grids
internal import Volumes

/// A patch whose voxels are voxels of the image: moved, turned by quarter turns, mirrored, and nothing between them.
struct WholeSteps {
  private let shape: Extent
  /// The axis of the patch that runs along each axis of the image, and in which direction.
  private let axes: [(axis: Int, step: Int)]
  /// Where the first voxel of the patch lies.
  private let first: [Int]

  /// How far the last voxel may be from where it is taken, for rounding alone.
  private static let tolerance = 1e-3

  /// `nil` where the map is no such thing.
  ///
  /// - Parameter isNearest: places between voxels are moved to the nearest, all by the same way.
  init?(_ map: LinearMap, _ shape: Extent, isNearest: Bool) {
    var (axes, first): ([(axis: Int, step: Int)], [Int]) = ([], [])
    for row in 0..<3 {
      let steps = map.matrix[3 * row..<3 * row + 3].map { $0.rounded() }
      guard let axis = steps.firstIndex(where: { abs($0) == 1 }), steps.count(where: { $0 == 0 }) == 2 else { return nil }
      let error = (0..<3).reduce(0) { $0 + abs(map.matrix[3 * row + $1] - steps[$1]) * Double(shape[$1]) }
      let whole = isNearest ? (map.offset[row] + 0.5 + 1e-6).rounded(.down) : map.offset[row].rounded()
      guard error < Self.tolerance, isNearest || abs(map.offset[row] - whole) < Self.tolerance, abs(whole) < 1e15 else { return nil }
      axes.append((axis, Int(steps[axis])))
      first.append(Int(whole))
    }
    guard Set(axes.map(\.axis)).count == 3 else { return nil }
    (self.shape, self.axes, self.first) = (shape, axes, first)
  }

  func read<Voxel: VoxelScalar>(_ source: any VoxelSource, outside: Voxel, into patch: inout MutableSpan<Voxel>) throws {
    let lengths = axes.map { shape[$0.axis] }
    let lower = (0..<3).map { axes[$0].step > 0 ? first[$0] : first[$0] - lengths[$0] + 1 }
    let box = Box(lower: lower, extent: Extent(lengths))
    let inside = box.intersection(source.extent.box)
    if inside == box, axes.indices.allSatisfy({ axes[$0].axis == $0 && axes[$0].step == 1 }) { return try source.read(box, into: &patch) }
    if inside != box { patch.fill(outside) }
    if inside.isEmpty { return }
    let voxels = try source.read(inside, as: Voxel.self)
    // Voxels of the image lie one step along an axis of the patch.
    let strides = shape.strides
    let steps = axes.map { $0.step * strides[$0.axis] }
    var start = 0
    for axis in 0..<3 {
      let way = inside.lower[axis] - first[axis]
      start += (axes[axis].step > 0 ? way : -way) * strides[axes[axis].axis]
    }
    let from = voxels.span
    var index = 0
    for z in 0..<inside.extent[0] {
      for y in 0..<inside.extent[1] {
        var place = start + z * steps[0] + y * steps[1]
        for _ in 0..<inside.extent[2] {
          patch[place] = from[index]
          index += 1
          place += steps[2]
        }
      }
    }
  }
}
