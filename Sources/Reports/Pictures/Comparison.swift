// SPDX-License-Identifier: Apache-2.0

internal import ImageFiles

/// Two pictures in one.
enum Comparison: String, Sendable, CaseIterable {
  /// The fixed image in magenta, the other one in green: grey where they agree.
  case overlay
  /// Squares of one and of the other by turns: edges go on where they agree.
  case checkerboard

  /// What it is called.
  var name: String { self == .overlay ? "Overlay" : "Checkerboard" }

  /// Squares along the longer side of a checkerboard.
  static let squares = 8

  /// The pixels of two pictures of the same plane.
  func pixels(fixed: [UInt8], other: [UInt8], height: Int, width: Int) -> PNGFile.Pixels {
    switch self {
    case .overlay:
      var colours = [UInt8](repeating: 0, count: 3 * fixed.count)
      for i in fixed.indices {
        colours[3 * i] = fixed[i]
        colours[3 * i + 1] = other[i]
        colours[3 * i + 2] = fixed[i]
      }
      return .colour(colours)
    case .checkerboard:
      let side = max(1, (max(height, width) + Self.squares - 1) / Self.squares)
      var greys = fixed
      for y in 0..<height {
        for x in 0..<width where (y / side + x / side) % 2 == 1 { greys[y * width + x] = other[y * width + x] }
      }
      return .grey(greys)
    }
  }
}
