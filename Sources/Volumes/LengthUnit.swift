// SPDX-License-Identifier: Apache-2.0

/// A unit of length, named as OME-NGFF names it (the UDUNITS names).
public struct LengthUnit: Hashable, Sendable {
  /// The full name, as `micrometer`.
  public let name: String
  /// How many metres one unit is.
  public let meters: Double

  /// Millimetres, the unit of NIfTI and most clinical images.
  public static let millimeter = LengthUnit(name: "millimeter", meters: 1e-3)
  /// Micrometres, the usual unit of light microscopy.
  public static let micrometer = LengthUnit(name: "micrometer", meters: 1e-6)
  /// Nanometres, the usual unit of electron microscopy.
  public static let nanometer = LengthUnit(name: "nanometer", meters: 1e-9)

  private init(name: String, meters: Double) {
    self.name = name
    self.meters = meters
  }

  /// The unit with that name or abbreviation (`micrometer`, `um`, `µm`, `micron`, …); `nil` where there is none.
  public init?(_ text: String) {
    let known = Self.abbreviations[text] ?? text.lowercased().replacingOccurrences(of: "metre", with: "meter")
    guard let meters = Self.lengths[known] else { return nil }
    self.init(name: known, meters: meters)
  }

  /// By what a length in this unit is multiplied to give it in `other`.
  public func factor(to other: LengthUnit) -> Double { meters / other.meters }

  private static let lengths: [String: Double] = [
    "angstrom": 1e-10, "picometer": 1e-12, "nanometer": 1e-9, "micrometer": 1e-6, "millimeter": 1e-3, "centimeter": 1e-2,
    "decimeter": 1e-1, "meter": 1, "kilometer": 1e3, "inch": 0.0254,
  ]

  private static let abbreviations: [String: String] = [
    "Å": "angstrom", "pm": "picometer", "nm": "nanometer", "um": "micrometer", "µm": "micrometer", "μm": "micrometer",
    "micron": "micrometer", "microns": "micrometer", "\\u00B5m": "micrometer", "mm": "millimeter", "cm": "centimeter", "m": "meter",
    "in": "inch",
  ]
}

extension String {
  fileprivate func replacingOccurrences(of part: String, with other: String) -> String {
    guard !part.isEmpty, let range = range(of: part) else { return self }
    return String(self[..<range.lowerBound]) + other + String(self[range.upperBound...])
  }

  private func range(of part: String) -> Range<String.Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(part) { return start..<index(start, offsetBy: part.count) }
      start = index(after: start)
    }
    return nil
  }
}
