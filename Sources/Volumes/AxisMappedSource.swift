// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Chosen axes of another source in a chosen order, the others held at one index: how channel and time axes are stripped, axes in
/// unusual order put right, and 2D lifted to one plane of 3D.
public struct AxisMappedSource: VoxelSource {
  let base: any VoxelSource
  let axes: [Int?]
  let fixed: [Int: Int]

  /// A view of `base`.
  ///
  /// - Parameters:
  ///   - axes: for each axis of the view the axis of `base` it shows, or `nil` for a new axis of one voxel.
  ///   - fixed: the index at which each remaining axis of `base` is held.
  /// - Precondition: every axis of `base` is either shown once or held inside its range.
  public init(base: any VoxelSource, axes: [Int?], fixed: [Int: Int]) {
    precondition(
      Set(axes.compactMap(\.self)).union(fixed.keys) == Set(0..<base.extent.rank)
        && axes.compactMap(\.self).count + fixed.count == base.extent.rank, "each axis is shown once or held")
    precondition(fixed.allSatisfy { $0.value >= 0 && $0.value < base.extent[$0.key] }, "an axis is held inside its range")
    self.base = base
    self.axes = axes
    self.fixed = fixed
  }

  public var extent: Extent { Extent(axes.map { $0.map { base.extent[$0] } ?? 1 }) }
  public var voxelType: VoxelType { base.voxelType }
  public var chunk: Extent { Extent(axes.map { $0.map { base.chunk[$0] } ?? 1 }) }
  public var residentFiles: [ResidentFile] { base.residentFiles }

  /// Where a box lies in the base.
  private func based(_ box: Box) -> Box {
    var lower = [Int](repeating: 0, count: base.extent.rank)
    var upper = lower
    for (axis, index) in fixed { (lower[axis], upper[axis]) = (index, index + 1) }
    for (viewAxis, axis) in axes.enumerated() {
      if let axis { (lower[axis], upper[axis]) = (box.lower[viewAxis], box.upper[viewAxis]) }
    }
    return Box(lower: lower, upper: upper)
  }

  public func willRead(_ box: Box) { base.willRead(based(box)) }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    var voxels = VoxelBuffer<Voxel>()
    try read(box, into: &voxels)
    return voxels
  }

  public func read<Voxel: VoxelScalar>(_ box: Box, into voxels: inout MutableSpan<Voxel>) throws {
    let shown = axes.compactMap(\.self)
    if shown == shown.sorted() { return try base.read(based(box), into: &voxels) }
    // Axes in another order: gather row by row.
    precondition(voxels.count == box.count, "\(box) does not fill \(voxels.count) voxels")
    let read = try base.read(based(box), as: Voxel.self)
    let strides = read.extent.strides
    let steps = axes.map { $0.map { strides[$0] } ?? 0 }
    let rank = box.rank
    let rows = Box(lower: [Int](repeating: 0, count: rank - 1), upper: Array(box.extent.lengths.dropLast()))
    var to = 0
    for row in rows.indices {
      var from = zip(row, steps).map(*).reduce(0, +)
      for _ in 0..<box.extent[rank - 1] {
        voxels[to] = read.elements[from]
        to += 1
        from += steps[rank - 1]
      }
    }
  }
}
