// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Volumes

/// A bar of a round length that fits a picture.
package struct ScaleBar: Sendable, Equatable {
  /// In the unit of the picture.
  package let length: Double
  /// As `50 µm`.
  package let label: String

  /// - Parameters:
  ///   - width: how wide the picture is, in `unit`.
  ///   - isVoxels: whether a length of 1 is a voxel, where no unit is known.
  package init(width: Double, unit: LengthUnit?, isVoxels: Bool = false) {
    let most = 0.3 * width
    let power = pow(10, floor(log10(most)))
    let length = [5.0, 2, 1].map { $0 * power }.first { $0 <= most * (1 + 1e-9) } ?? power
    self.length = length
    label = Self.text(length, unit, isVoxels: isVoxels)
  }

  /// A length with its unit, or with the one of a thousand times more or less in which it is easier to read.
  static func text(_ length: Double, _ unit: LengthUnit?, isVoxels: Bool = false, significant: Int = 3) -> String {
    guard let unit else { return NumberFormat.short(length, significant: significant) + (isVoxels ? " voxels" : " (no unit given)") }
    let readable: [LengthUnit] = [.nanometer, .micrometer, .millimeter, LengthUnit("meter")!]
    // Units that are no thousandth of a metre stay as they are: a round inch is no round millimetre.
    guard readable.contains(where: { $0 == unit }), length != 0 else {
      return "\(NumberFormat.short(length, significant: significant)) \(symbol(unit))"
    }
    let best = readable.last { abs(length) * unit.factor(to: $0) >= 0.9999 } ?? readable[0]
    return "\(NumberFormat.short(length * unit.factor(to: best), significant: significant)) \(symbol(best))"
  }

  /// The short name of a unit.
  static func symbol(_ unit: LengthUnit) -> String {
    switch unit.name {
    case "angstrom": "Å"
    case "picometer": "pm"
    case "nanometer": "nm"
    case "micrometer": "µm"
    case "millimeter": "mm"
    case "centimeter": "cm"
    case "decimeter": "dm"
    case "meter": "m"
    case "kilometer": "km"
    case "inch": "in"
    default: unit.name
    }
  }
}
