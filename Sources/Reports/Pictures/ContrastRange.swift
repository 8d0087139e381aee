// SPDX-License-Identifier: Apache-2.0

internal import Filtering

/// Which values are shown as black and as white: the 1st and the 99.8th percentile of an image.
package struct ContrastRange: Sendable, Equatable, Encodable {
  package let low: Float
  package let high: Float

  init(low: Float, high: Float) { (self.low, self.high) = (low, high) }

  /// - Returns: `nil` where there are no numbers.
  package init?(_ values: [Float]) {
    guard let low = Self.percentile(1, of: values), let high = Self.percentile(99.8, of: values) else { return nil }
    // An image that is nearly all of one value, as sparse dots are, is shown from its least to its greatest one.
    if high > low { self.init(low: low, high: high) } else { self.init(low: values.min()!, high: values.max()!) }
  }

  /// The value below which that part of the numbers lies, in per cent, by the nearest rank; `nil` without numbers.
  ///
  /// - Precondition: no value is NaN.
  package static func percentile(_ percent: Double, of values: [Float]) -> Float? {
    values.isEmpty ? nil : values.selected(Int((Double(values.count - 1) * percent / 100).rounded()))
  }

  /// A value as a grey from 0 to 255; what is no number is black.
  package func grey(_ value: Float) -> UInt8 {
    guard value.isFinite, high > low else { return 0 }
    return UInt8(min(max((value - low) / (high - low), 0), 1) * 255 + 0.5)
  }

  /// Values as greys.
  func greys(_ values: [Float]) -> [UInt8] { values.map(grey) }
}
