// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Voxels in memory, in C order (last axis contiguous).
///
/// A value: copies share storage until one of them is written to.
public struct VoxelBuffer<Voxel: VoxelScalar>: Sendable, Equatable {
  /// Voxels along each axis, slowest first.
  public let extent: Extent
  /// All voxels in C order.
  public var elements: [Voxel]

  /// A buffer of one value.
  @inlinable public init(extent: Extent, repeating value: Voxel = 0) {
    self.extent = extent
    elements = [Voxel](repeating: value, count: extent.count)
  }

  /// A buffer of voxels of no particular value, for a kernel that writes every one of them.
  package init(unwritten extent: Extent) {
    self.init(extent: extent, elements: [Voxel](unwritten: extent.count))
  }

  /// A buffer of the given voxels.
  ///
  /// - Precondition: there are `extent.count` elements.
  @inlinable public init(extent: Extent, elements: [Voxel]) {
    precondition(elements.count == extent.count, "\(elements.count) voxels cannot fill \(extent)")
    self.extent = extent
    self.elements = elements
  }

  /// A buffer of nothing, to be read into.
  public init() { (extent, elements) = ([0], []) }

  /// A buffer of voxels of no particular value, in the memory of another where that is of the same size; nothing is left of the other.
  package init(unwritten extent: Extent, reusing other: inout VoxelBuffer) {
    let elements = other.elements.count == extent.count ? other.elements : []
    other = VoxelBuffer()
    if elements.isEmpty {
      self.init(unwritten: extent)
    } else {
      self.init(extent: extent, elements: elements)
    }
  }

  /// The number of voxels.
  @inlinable public var count: Int { elements.count }

  /// All voxels as a span, without a copy.
  @inlinable public var span: Span<Voxel> {
    @_lifetime(borrow self) get { elements.span }
  }

  /// All voxels as a writable span, without a copy where the storage is not shared.
  @inlinable public var mutableSpan: MutableSpan<Voxel> {
    @_lifetime(&self) mutating get { elements.mutableSpan }
  }

  /// The voxel at `index`; for tests and sparse look-ups, not for loops over voxels.
  @inlinable public subscript(index: [Int]) -> Voxel {
    get { elements[offset(of: index)] }
    set { elements[offset(of: index)] = newValue }
  }

  @inlinable func offset(of index: [Int]) -> Int {
    var offset = 0
    for axis in 0..<extent.rank {
      precondition(index[axis] >= 0 && index[axis] < extent[axis], "voxel \(index) lies outside \(extent)")
      offset = offset * extent[axis] + index[axis]
    }
    return offset
  }

  /// The same voxels under another extent of equal count, as when an axis of one voxel is added or dropped.
  @inlinable public func reshaped(to extent: Extent) -> VoxelBuffer { VoxelBuffer(extent: extent, elements: elements) }

  /// Every voxel through `transform`.
  @inlinable public func mapVoxels<Target: VoxelScalar>(_ transform: (Voxel) throws -> Target) rethrows -> VoxelBuffer<Target> {
    VoxelBuffer<Target>(extent: extent, elements: try elements.map(transform))
  }

  /// Adds a value to every voxel, in place.
  @inlinable public mutating func add(_ value: Voxel) {
    for i in elements.indices { elements[i] += value }
  }

  /// The voxels inside `box`.
  ///
  /// - Precondition: the box lies inside the buffer.
  @inlinable public func cropped(to box: Box) -> VoxelBuffer {
    if box == extent.box { return self }
    var result = VoxelBuffer(extent: box.extent)
    result.copy(from: self, box: box, at: [Int](repeating: 0, count: box.rank))
    return result
  }

  /// Copies the voxels of `source` inside `box` to this buffer, the box's first voxel landing at `position`.
  ///
  /// - Precondition: the box lies inside `source`, and the moved box inside this buffer.
  @inlinable public mutating func copy(from source: VoxelBuffer, box: Box, at position: [Int]) {
    precondition(source.extent.box.contains(box), "\(box) lies outside the source \(source.extent)")
    let target = Box(lower: position, extent: box.extent)
    precondition(extent.box.contains(target), "\(target) lies outside \(extent)")
    if box.isEmpty { return }
    let rank = box.rank
    if rank == 0 {
      elements[0] = source.elements[0]
      return
    }
    let run = box.extent[rank - 1]
    let sourceStrides = source.extent.strides
    let targetStrides = extent.strides
    let rows = Box(lower: [Int](repeating: 0, count: rank - 1), upper: Array(box.extent.lengths.dropLast()))
    var target_ = elements.mutableSpan
    let source_ = source.elements.span
    for row in rows.indices {
      var from = box.lower[rank - 1]
      var to = position[rank - 1]
      for axis in 0..<rank - 1 {
        from += (row[axis] + box.lower[axis]) * sourceStrides[axis]
        to += (row[axis] + position[axis]) * targetStrides[axis]
      }
      for i in 0..<run { target_[to + i] = source_[from + i] }
    }
  }
}
