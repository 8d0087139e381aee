// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Numbers as people read them.
enum NumberFormat {
  /// So many significant digits, without zeros at the end: `0.975`, `12.3`, `1240`.
  static func short(_ value: Double, significant: Int = 3) -> String {
    if value == 0 { return "0" }
    guard value.isFinite else { return value.isNaN ? "not a number" : value < 0 ? "−∞" : "∞" }
    let magnitude = Int(floor(log10(abs(value))))
    if magnitude < -5 || magnitude > 8 { return minus(String(format: "%.\(significant - 1)e", value)) }
    let decimals = max(0, significant - 1 - magnitude)
    var text = String(format: "%.\(decimals)f", value)
    if text.contains(".") {
      while text.hasSuffix("0") { text.removeLast() }
      if text.hasSuffix(".") { text.removeLast() }
    }
    return minus(text == "-0" ? "0" : text)
  }

  /// So many decimals, for columns.
  static func fixed(_ value: Double, decimals: Int) -> String { minus(String(format: "%.\(decimals)f", value)) }

  /// A part in per cent: `0 %` is none at all, and a little is never called none.
  static func percent(_ value: Double) -> String {
    if value == 0 { return "0 %" }
    if value > 0, value < 0.001 { return "below 0.001 %" }
    return (value > 99.99 && value < 100 ? "above 99.99" : short(value, significant: value >= 10 ? 4 : 3)) + " %"
  }

  /// `1 h 02 min`, `2 min 03 s`, `4.5 s`.
  static func duration(_ seconds: Double) -> String {
    if seconds < 9.95 { return fixed(seconds, decimals: 1) + " s" }
    let whole = Int(min(max(seconds, 0), 1e12).rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
    return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
  }

  /// Lengths joined by ×.
  static func lengths(_ lengths: [Int]) -> String { lengths.map(String.init).joined(separator: " × ") }

  /// A number with its noun: `1 block`, `3 blocks`.
  static func count(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

  private static func minus(_ text: String) -> String { text.hasPrefix("-") ? "−" + text.dropFirst() : text }
}
