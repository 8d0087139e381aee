// SPDX-License-Identifier: Apache-2.0

/// The number of voxels along each axis, slowest axis first (`z, y, x`).
public struct Extent: Hashable, Sendable {
  /// Lengths in voxels, one an axis; each is zero or more.
  public let lengths: [Int]

  /// - Precondition: no length is negative.
  public init(_ lengths: [Int]) {
    precondition(lengths.allSatisfy { $0 >= 0 }, "an extent has no negative length: \(lengths)")
    self.lengths = lengths
  }

  /// The number of axes.
  public var rank: Int { lengths.count }

  /// The product of all lengths; 1 for rank 0.
  public var count: Int { lengths.reduce(1, *) }

  /// The length along `axis`.
  public subscript(axis: Int) -> Int { lengths[axis] }

  /// Steps in elements from one voxel to the next along each axis, in C order (last axis contiguous).
  public var strides: [Int] {
    var strides = [Int](repeating: 1, count: rank)
    for axis in stride(from: rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * lengths[axis + 1] }
    return strides
  }

  /// The box from the origin that spans this extent.
  public var box: Box { Box(lower: [Int](repeating: 0, count: rank), upper: lengths) }

  /// How many boxes of `size` cover this extent along each axis (the last ones ragged).
  public func dividedRoundingUp(by size: Extent) -> Extent {
    Extent(zip(lengths, size.lengths).map { ($0 + $1 - 1) / $1 })
  }

  /// `size`, doubled along one axis after another, the last one first, until at most `most` boxes of it cover this extent: how a volume of
  /// any size is shared out among a bounded number of tasks, each of whole boxes of `size`.
  public func tile(from size: Extent, most: Int = 20_000) -> Extent {
    var lengths = size.lengths
    var axis = rank - 1
    while dividedRoundingUp(by: Extent(lengths)).count > most {
      lengths[axis] *= 2
      axis = (axis + rank - 1) % rank
    }
    return Extent(lengths)
  }
}

extension Extent: ExpressibleByArrayLiteral, CustomStringConvertible {
  public init(arrayLiteral elements: Int...) { self.init(elements) }

  /// Lengths joined by `×`, as `149×241×456`.
  public var description: String { lengths.map(String.init).joined(separator: "×") }
}
