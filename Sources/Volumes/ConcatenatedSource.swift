// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Sources one behind the other along an axis: planes that are files of their own, channels, tiles that touch.
public struct ConcatenatedSource: VoxelSource {
  let parts: [any VoxelSource]
  let axis: Int
  /// Where each part begins along the axis, and where the last one ends.
  private let starts: [Int]

  /// - Precondition: there is a part, and all are alike but for their length along `axis`.
  public init(_ parts: [any VoxelSource], along axis: Int) {
    precondition(!parts.isEmpty && parts[0].extent.lengths.indices.contains(axis), "something is put together along an axis that it has")
    func others(_ part: any VoxelSource) -> [Int] { part.extent.lengths.enumerated().filter { $0.offset != axis }.map(\.element) }
    precondition(parts.allSatisfy { others($0) == others(parts[0]) && $0.voxelType == parts[0].voxelType }, "parts fit together")
    (self.parts, self.axis) = (parts, axis)
    starts = parts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1.extent[axis]) }
  }

  public var extent: Extent {
    var lengths = parts[0].extent.lengths
    lengths[axis] = starts[parts.count]
    return Extent(lengths)
  }

  public var voxelType: VoxelType { parts[0].voxelType }
  public var chunk: Extent { parts[0].chunk }
  public var residentFiles: [ResidentFile] { parts.flatMap(\.residentFiles) }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    func place(_ part: Int) -> Box {
      var (lower, upper) = (box.lower, box.upper)
      (lower[axis], upper[axis]) = (max(lower[axis], starts[part]) - starts[part], min(upper[axis], starts[part + 1]) - starts[part])
      return Box(lower: lower, upper: upper)
    }
    // The last part that begins at or before the box.
    var (low, high) = (0, parts.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= box.lower[axis] { low = middle } else { high = middle }
    }
    if box.isEmpty || box.upper[axis] <= starts[low + 1] {
      return box.isEmpty ? VoxelBuffer(extent: box.extent) : try parts[low].read(place(low), as: type)
    }
    var result = VoxelBuffer<Voxel>(unwritten: box.extent)
    for part in low..<parts.count where starts[part] < box.upper[axis] {
      let inner = place(part)
      if inner.isEmpty { continue }
      let read = try parts[part].read(inner, as: type)
      var position = [Int](repeating: 0, count: box.rank)
      position[axis] = max(0, starts[part] - box.lower[axis])
      result.copy(from: read, box: read.extent.box, at: position)
    }
    return result
  }
}
