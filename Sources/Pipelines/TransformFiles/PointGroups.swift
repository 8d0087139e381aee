// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Synchronization

/// Points sorted by where they lie in a lattice, so that what is read for a group of them stays small.
enum PointGroups {
  /// The most nodes that are read at once.
  static let mostNodes = 1 << 22
  /// Nodes a side of the cells that scattered points are sorted into.
  private static let cell = 96

  /// Boxes of the lattice, each with the points whose place and neighbours it holds; places outside are moved to the border.
  ///
  /// - Parameters:
  ///   - indices: places in the lattice, in nodes.
  ///   - margin: how many nodes around a place are needed.
  static func boxes(_ indices: [SIMD3<Double>], in extent: Extent, margin: Int) -> [(box: Box, members: [Int])] {
    if indices.isEmpty { return [] }
    let whole = box(around: indices, Array(indices.indices), extent, margin)
    if whole.count <= mostNodes { return [(whole, Array(indices.indices))] }
    var groups: [[Int]: [Int]] = [:]
    for (i, index) in indices.enumerated() {
      groups[(0..<3).map { Int(index[$0].bounded(to: 0...Double(extent[$0] - 1))) / cell }, default: []].append(i)
    }
    return groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { (box(around: indices, $0.value, extent, margin), $0.value) }
  }

  private static func box(around indices: [SIMD3<Double>], _ members: [Int], _ extent: Extent, _ margin: Int) -> Box {
    let last = SIMD3(Double(extent[0] - 1), Double(extent[1] - 1), Double(extent[2] - 1))
    var (low, high) = (last, SIMD3<Double>())
    for i in members {
      let place = indices[i].clamped(lowerBound: SIMD3(), upperBound: last)
      low = pointwiseMin(low, place)
      high = pointwiseMax(high, place)
    }
    return Box(
      lower: (0..<3).map { max(0, Int(low[$0]) - margin) }, upper: (0..<3).map { min(extent[$0], Int(high[$0]) + margin + 2) })
  }
}

extension Double {
  /// The nearest number of a range; its lower end for what is no number.
  func bounded(to range: ClosedRange<Double>) -> Double { self > range.lowerBound ? min(self, range.upperBound) : range.lowerBound }
}

/// The last few things that were read, since iterations ask for about the same again and again.
final class RecentRegions<Content: Sendable>: Sendable {
  private let kept = Mutex<[(box: Box, content: Content)]>([])
  private let most: Int

  init(most: Int) { self.most = most }

  /// What holds `box`: kept, or read by `read`, which may give more than was asked for.
  func content(over box: Box, _ read: (Box) throws -> Content) throws -> Content {
    if let known = kept.withLock({ $0.last { $0.box.contains(box) } }) { return known.content }
    let content = try read(box)
    kept.withLock {
      $0.append((box, content))
      if $0.count > most { $0.removeFirst() }
    }
    return content
  }
}
