// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Volumes

/// How well two label images of one lattice agree, label by label.
public struct LabelOverlap: Sendable, Hashable, Codable {
  /// The overlap of one label.
  public struct Entry: Sendable, Hashable, Codable {
    /// The label; never 0.
    public let label: UInt64
    /// Voxels in the first image.
    public let first: Int
    /// Voxels in the second image.
    public let second: Int
    /// Voxels in both.
    public let both: Int
    /// `2 |A ∩ B| / (|A| + |B|)`
    public var dice: Double { 2 * Double(both) / Double(first + second) }
    /// `|A ∩ B| / |A ∪ B|`
    public var jaccard: Double { Double(both) / Double(first + second - both) }
  }

  /// Labels that either image has, in rising order.
  public let entries: [Entry]

  /// The mean of all labels' Dice coefficients; 0 where there is no label.
  public var meanDice: Double { entries.isEmpty ? 0 : entries.map(\.dice).reduce(0, +) / Double(entries.count) }
  /// The mean of all labels' Jaccard coefficients; 0 where there is no label.
  public var meanJaccard: Double { entries.isEmpty ? 0 : entries.map(\.jaccard).reduce(0, +) / Double(entries.count) }

  /// Compares two label images, chunk by chunk.
  ///
  /// - Throws: `PipelineError` where they differ in extent or are not whole numbers; errors of reading.
  /// - Complexity: O(voxels) time; memory for some chunks and the labels.
  public init(_ first: LazyVolume, _ second: LazyVolume) throws { try self.init([first], [second]) }

  /// Compares the time points of two label images: a label is the same one at all of them.
  ///
  /// - Throws: `PipelineError` where there are more of one image, or they differ in extent or are not whole numbers; errors of reading.
  public init(_ first: [LazyVolume], _ second: [LazyVolume]) throws {
    try Self.requireTimes(first, second)
    var counts: [UInt64: SIMD3<Int>] = [:]
    for (first, second) in zip(first, second) {
      try Self.requireLabels(first, second)
      for tile in Self.tiles(first) {
        let a = try first.source.read(tile, as: UInt64.self).elements
        let b = try second.source.read(tile, as: UInt64.self).elements
        Self.count(a, b, into: &counts)
      }
    }
    entries = counts.sorted { $0.key < $1.key }.map { Entry(label: $0.key, first: $0.value[0], second: $0.value[1], both: $0.value[2]) }
  }

  /// - Throws: `PipelineError` where two images have not as many time points.
  static func requireTimes(_ first: [LazyVolume], _ second: [LazyVolume]) throws {
    guard first.count != second.count else { return }
    func text(_ times: [LazyVolume]) -> String {
      "\(times.first?.name ?? "an image") has \(times.count) time point\(times.count == 1 ? "" : "s")"
    }
    throw PipelineError("\(text(first)), and \(text(second))", hint: "compare images of as many time points")
  }

  /// - Throws: `PipelineError` where two images differ in extent or are not whole numbers.
  static func requireLabels(_ first: LazyVolume, _ second: LazyVolume) throws {
    guard first.extent == second.extent else {
      throw PipelineError(
        "\(first.name) has \(first.extent) voxels and \(second.name) has \(second.extent)",
        hint: "bring both onto one lattice first, with `weft apply --interpolation nearest`")
    }
    for volume in [first, second] where !volume.source.voxelType.isInteger {
      throw PipelineError(
        "\(volume.name) holds \(volume.source.voxelType.rawValue), and labels are whole numbers",
        hint: "name an image of labels, of an integer type")
    }
  }

  /// Counts runs of equal pairs, which labels have plenty of.
  private static func count(_ a: [UInt64], _ b: [UInt64], into counts: inout [UInt64: SIMD3<Int>]) {
    var start = 0
    while start < a.count {
      var end = start + 1
      while end < a.count && a[end] == a[start] && b[end] == b[start] { end += 1 }
      let run = end - start
      if a[start] != 0 { counts[a[start], default: .zero] &+= SIMD3(run, 0, a[start] == b[start] ? run : 0) }
      if b[start] != 0 { counts[b[start], default: .zero] &+= SIMD3(0, run, 0) }
      start = end
    }
  }

  /// Whole chunks, joined along the fast axes up to 4 million voxels.
  static func tiles(_ volume: LazyVolume) -> [Box] {
    var lengths = zip(volume.source.chunk.lengths, volume.extent.lengths).map { max(1, min($0, $1)) }
    for axis in stride(from: lengths.count - 1, through: 0, by: -1) {
      while lengths[axis] < volume.extent[axis] && lengths.reduce(1, *) * 2 <= 4 << 20 { lengths[axis] *= 2 }
    }
    return volume.extent.box.tiles(of: Extent(lengths))
  }
}
