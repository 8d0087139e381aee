// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Colours for numbers: steps that look even, and that colour-blind people tell apart.
struct Palette: Sendable {
  private let stops: [SIMD3<Double>]

  /// Dark violet over green to yellow, for magnitudes (the stops of viridis, by S. van der Walt and N. Smith, CC0).
  static let magnitude = Palette([
    0x440154, 0x482475, 0x414487, 0x355F8D, 0x2A788E, 0x21918C, 0x22A884, 0x44BF70, 0x7AD151, 0xBDDF26, 0xFDE725,
  ])
  /// Blue below the middle, orange above it, nearly white in it.
  static let aboutTheMiddle = Palette([0x053061, 0x2166AC, 0x4393C3, 0x92C5DE, 0xF7F7F7, 0xFDB863, 0xE08214, 0xB35806, 0x7F3B08])

  private init(_ colours: [Int]) {
    stops = colours.map { SIMD3(Double($0 >> 16), Double($0 >> 8 & 255), Double($0 & 255)) }
  }

  /// The colour at a place from 0 to 1.
  subscript(place: Double) -> SIMD3<UInt8> {
    let along = min(max(place, 0), 1) * Double(stops.count - 1)
    let lower = min(Int(along), stops.count - 2)
    let colour = stops[lower] + (stops[lower + 1] - stops[lower]) * (along - Double(lower))
    return SIMD3(UInt8(colour.x.rounded()), UInt8(colour.y.rounded()), UInt8(colour.z.rounded()))
  }

  /// Red, green and blue of so many colours, one behind the other.
  func bytes(_ count: Int) -> [UInt8] {
    (0..<count).flatMap { place in
      let colour = self[Double(place) / Double(max(count - 1, 1))]
      return [colour.x, colour.y, colour.z]
    }
  }

  /// As style sheets write it.
  func hex(_ place: Double) -> String {
    let colour = self[place]
    return String(format: "#%02x%02x%02x", Int(colour.x), Int(colour.y), Int(colour.z))
  }

  /// Whether black is easier to read on it than white (relative luminance as in WCAG 2).
  func isLight(_ place: Double) -> Bool {
    let colour = self[place]
    func linear(_ value: UInt8) -> Double {
      let share = Double(value) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * linear(colour.x) + 0.7152 * linear(colour.y) + 0.0722 * linear(colour.z) > 0.179
  }

  /// As the background of a colour bar.
  var gradient: String {
    "linear-gradient(to right," + (0...16).map { hex(Double($0) / 16) }.joined(separator: ",") + ")"
  }
}
