// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What intensities are put through, so that dim objects count as much as bright ones.
public enum IntensityTransform: String, Sendable, Hashable, Codable, CaseIterable {
  /// Intensities as they are.
  case linear
  /// Square roots of intensities above the background, which make shot noise equally strong everywhere.
  case squareRoot
  /// Logarithms of intensities above the background, which make contrasts ratios.
  case logarithm
}

/// Intensities as numbers from 0, the background, to about 1, the brightest objects, put through a transform: the same map for every tile.
struct IntensityScale: Sendable {
  let background: Double
  let range: Double
  let transform: IntensityTransform

  /// What is added before a logarithm is taken: a fiftieth of the range, below which differences are noise.
  static let offset = 0.02

  /// - Returns: `nil` where the image has no contrast.
  init?(_ statistics: IntensityStatistics, transform: IntensityTransform) {
    guard statistics.count > 0 else { return nil }
    background = statistics.percentile(1)
    let bright = statistics.percentile(99.8)
    // Where hardly any voxel is foreground, the brightest one tells the range.
    range = (bright > background ? bright : statistics.maximum) - background
    guard range > 0, range.isFinite else { return nil }
    self.transform = transform
  }

  /// 0 at the background and below.
  func callAsFunction(_ intensity: Double) -> Double {
    let above = max(0, (intensity - background) / range)
    return switch transform {
    case .linear: above
    case .squareRoot: above.squareRoot()
    case .logarithm: log(1 + above / Self.offset)
    }
  }

  /// The intensity that is mapped to `value`.
  func inverse(_ value: Double) -> Double {
    let above =
      switch transform {
      case .linear: value
      case .squareRoot: value * value
      case .logarithm: (exp(value) - 1) * Self.offset
      }
    return background + above * range
  }
}
