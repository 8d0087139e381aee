// SPDX-License-Identifier: Apache-2.0

/// A half-open axis-aligned box of voxels: `lower[a] ..< upper[a]` along each axis, slowest axis first.
public struct Box: Hashable, Sendable {
  /// The first voxel along each axis.
  public let lower: [Int]
  /// One past the last voxel along each axis.
  public let upper: [Int]

  /// A box; an axis whose upper bound is not above its lower one makes it empty.
  ///
  /// - Precondition: `lower` and `upper` have the same rank.
  public init(lower: [Int], upper: [Int]) {
    precondition(lower.count == upper.count, "a box needs as many lower as upper bounds: \(lower.count), \(upper.count)")
    self.lower = lower
    self.upper = zip(lower, upper).map(max)
  }

  /// A box at `lower` with the given extent.
  public init(lower: [Int], extent: Extent) {
    self.init(lower: lower, upper: zip(lower, extent.lengths).map(+))
  }

  /// The number of axes.
  public var rank: Int { lower.count }

  /// Voxels along each axis.
  public var extent: Extent { Extent(zip(upper, lower).map(-)) }

  /// The number of voxels inside.
  public var count: Int { extent.count }

  /// Whether the box holds no voxel.
  public var isEmpty: Bool { zip(lower, upper).contains { $0 >= $1 } }

  /// The range of voxels along `axis`.
  public subscript(axis: Int) -> Range<Int> { lower[axis]..<upper[axis] }

  /// Whether the voxel `index` lies inside.
  public func contains(_ index: [Int]) -> Bool {
    zip(index, zip(lower, upper)).allSatisfy { $0 >= $1.0 && $0 < $1.1 }
  }

  /// Whether every voxel of `other` lies inside; an empty box lies inside every box.
  public func contains(_ other: Box) -> Bool {
    other.isEmpty || (0..<rank).allSatisfy { lower[$0] <= other.lower[$0] && other.upper[$0] <= upper[$0] }
  }

  /// The voxels in both boxes; empty where they do not meet.
  public func intersection(_ other: Box) -> Box {
    Box(lower: zip(lower, other.lower).map(max), upper: zip(upper, other.upper).map(min))
  }

  /// The part of the box inside `whole`, or, where they do not meet along an axis, the layer of `whole` that is nearest there: never empty.
  ///
  /// - Precondition: `whole` is not empty.
  public func nearestPart(of whole: Box) -> Box {
    let first = (0..<rank).map { min(max(lower[$0], whole.lower[$0]), whole.upper[$0] - 1) }
    return Box(lower: first, upper: (0..<rank).map { max(min(upper[$0], whole.upper[$0]), first[$0] + 1) })
  }

  /// The smallest box that holds both.
  public func union(_ other: Box) -> Box {
    if isEmpty { return other }
    if other.isEmpty { return self }
    return Box(lower: zip(lower, other.lower).map(min), upper: zip(upper, other.upper).map(max))
  }

  /// The box moved by `offset`.
  public func translated(by offset: [Int]) -> Box {
    Box(lower: zip(lower, offset).map(+), upper: zip(upper, offset).map(+))
  }

  /// The box grown by `margin` voxels on both sides of each axis.
  public func expanded(by margin: [Int]) -> Box {
    Box(lower: zip(lower, margin).map(-), upper: zip(upper, margin).map(+))
  }

  /// The box as seen from `origin`: `translated(by: -origin)`.
  public func relative(to origin: [Int]) -> Box { translated(by: origin.map(-)) }

  /// The tiles of `size`, aligned to multiples of `size` from zero, that meet this box, each clipped to it, in C order.
  ///
  /// - Complexity: O(number of tiles).
  public func tiles(of size: Extent) -> [Box] {
    if isEmpty { return [] }
    let first = zip(lower, size.lengths).map { Box.floorDivide($0, $1) }
    let last = zip(upper, size.lengths).map { Box.floorDivide($0 - 1, $1) }
    return Box(lower: first, upper: last.map { $0 + 1 }).indices.map { index in
      Box(lower: zip(index, size.lengths).map(*), extent: size).intersection(self)
    }
  }

  /// Every voxel index in C order (last axis fastest).
  public var indices: some Sequence<[Int]> { BoxIndices(box: self) }

  static func floorDivide(_ value: Int, _ divisor: Int) -> Int {
    value >= 0 ? value / divisor : -((-value + divisor - 1) / divisor)
  }
}

extension Box: CustomStringConvertible {
  /// Ranges in axis order, as `[0..<64, 128..<256]`.
  public var description: String { "[" + (0..<rank).map { "\(lower[$0])..<\(upper[$0])" }.joined(separator: ", ") + "]" }
}

struct BoxIndices: Sequence, IteratorProtocol {
  let box: Box
  var upcoming: [Int]?

  init(box: Box) {
    self.box = box
    upcoming = box.isEmpty ? nil : box.lower
  }

  mutating func next() -> [Int]? {
    guard let current = upcoming else { return nil }
    var following = current
    var axis = box.rank - 1
    while axis >= 0 {
      following[axis] += 1
      if following[axis] < box.upper[axis] { break }
      following[axis] = box.lower[axis]
      axis -= 1
    }
    upcoming = axis >= 0 ? following : nil
    return current
  }
}
