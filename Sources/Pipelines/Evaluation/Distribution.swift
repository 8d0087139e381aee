// SPDX-License-Identifier: Apache-2.0

/// How a set of errors is spread.
public struct Distribution: Sendable, Hashable, Codable {
  /// How many values there are.
  public let count: Int
  /// Their mean; 0 where there are none.
  public let mean: Double
  /// The middle value.
  public let median: Double
  /// The value that 95 % do not pass.
  public let percentile95: Double
  /// The largest value.
  public let largest: Double

  /// The spread of some values.
  ///
  /// - Complexity: O(n log n).
  public init(of values: [Double]) {
    let sorted = values.sorted()
    count = sorted.count
    mean = sorted.isEmpty ? 0 : sorted.reduce(0, +) / Double(sorted.count)
    median = Self.quantile(0.5, of: sorted)
    percentile95 = Self.quantile(0.95, of: sorted)
    largest = sorted.last ?? 0
  }

  /// The same with every value multiplied.
  public func scaled(by factor: Double) -> Distribution {
    Distribution(
      count: count, mean: mean * factor, median: median * factor, percentile95: percentile95 * factor, largest: largest * factor)
  }

  private init(count: Int, mean: Double, median: Double, percentile95: Double, largest: Double) {
    self.count = count
    self.mean = mean
    self.median = median
    self.percentile95 = percentile95
    self.largest = largest
  }

  /// Interpolated linearly between the two values around the place.
  private static func quantile(_ fraction: Double, of sorted: [Double]) -> Double {
    guard let last = sorted.last else { return 0 }
    let place = fraction * Double(sorted.count - 1)
    let index = Int(place)
    return index + 1 < sorted.count ? sorted[index] + (sorted[index + 1] - sorted[index]) * (place - Double(index)) : last
  }
}
