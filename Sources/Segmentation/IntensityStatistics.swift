// SPDX-License-Identifier: Apache-2.0

public import Volumes

/// How the intensities of a whole channel are distributed: a histogram of equal bins from the least to the greatest value.
public struct IntensityStatistics: Sendable, Hashable, Codable {
  /// The least and the greatest value; voxels that are no numbers do not count.
  public private(set) var minimum: Double
  public private(set) var maximum: Double
  /// Voxels in each bin.
  public private(set) var counts: [Int]

  /// The most bins.
  package static let mostBins = 65_536

  /// An empty histogram between two values.
  ///
  /// - Parameter isInteger: whether values are whole numbers, which then have a bin each as long as there are not too many.
  /// - Precondition: `minimum` is not above `maximum`.
  public init(minimum: Double, maximum: Double, isInteger: Bool) {
    precondition(minimum <= maximum, "a range begins before it ends")
    self.minimum = minimum
    self.maximum = maximum
    let values = isInteger ? maximum - minimum + 1 : .infinity
    counts = [Int](repeating: 0, count: minimum == maximum ? 1 : Int(min(values, Double(Self.mostBins))))
  }

  /// Takes voxels in; those outside the range count at its ends.
  ///
  /// - Complexity: O(voxels).
  public mutating func add(_ voxels: VoxelBuffer<Float>) {
    let scale = binsPerValue
    let span = voxels.span
    for i in span.indices {
      let value = Double(span[i])
      guard value.isFinite else { continue }
      counts[bin(of: value, scale)] += 1
    }
  }

  /// Takes another part of the same channel in.
  ///
  /// - Precondition: it has the same range.
  public mutating func merge(_ other: IntensityStatistics) {
    precondition(minimum == other.minimum && maximum == other.maximum && counts.count == other.counts.count, "histograms of one range")
    for bin in counts.indices { counts[bin] += other.counts[bin] }
  }

  /// The same without the bins at both ends that hold nothing.
  public func trimmed() -> IntensityStatistics {
    guard let first = counts.firstIndex(where: { $0 > 0 }), let last = counts.lastIndex(where: { $0 > 0 }) else { return self }
    var result = self
    result.minimum = value(ofBin: first)
    result.maximum = value(ofBin: last)
    result.counts = Array(counts[first...last])
    return result
  }

  /// The range that nearly all voxels lie in, all but one in 100,000 at each end, where they share so few bins that little can be told of them:
  /// less than 64. Once the range was narrowed it goes on to where they fill a quarter, since few voxels far off count for much in the variance.
  /// `nil` where the bins are fine enough.
  package func crowdedRange(isNarrowed: Bool) -> (low: Double, high: Double)? {
    guard minimum < maximum, isNarrowed || counts.count == Self.mostBins else { return nil }
    let spared = max(count / 100_000, min(4, count / 1000))
    func end(_ bins: some Sequence<Int>) -> Int? {
      var beyond = 0
      return bins.first {
        beyond += counts[$0]
        return beyond > spared
      }
    }
    guard let first = end(counts.indices), let last = end(counts.indices.reversed()), last - first < (isNarrowed ? counts.count / 4 : 64)
    else { return nil }
    let half = 0.5 / binsPerValue
    return (max(minimum, value(ofBin: first) - half), min(maximum, value(ofBin: last) + half))
  }

  /// How many voxels were looked at.
  public var count: Int { counts.reduce(0, +) }

  /// The value in the middle of a bin.
  public func value(ofBin bin: Int) -> Double { counts.count == 1 ? minimum : minimum + Double(bin) / binsPerValue }

  /// The least value below or at which `percent` of all voxels lie.
  ///
  /// - Parameter percent: 0 to 100.
  public func percentile(_ percent: Double) -> Double {
    let wanted = percent / 100 * Double(count)
    var below = 0
    for (bin, count) in counts.enumerated() {
      below += count
      if below > 0 && Double(below) >= wanted { return value(ofBin: bin) }
    }
    return maximum
  }

  private var binsPerValue: Double { counts.count > 1 ? Double(counts.count - 1) / (maximum - minimum) : 0 }

  private func bin(of value: Double, _ scale: Double) -> Int {
    // Values outside the range may lie as far out as no whole number is large.
    Int(min(max(((value - minimum) * scale).rounded(), 0), Double(counts.count - 1)))
  }
}
