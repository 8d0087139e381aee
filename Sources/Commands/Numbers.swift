// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Numbers and tables as people read them.
enum Numbers {
  /// A number with so many decimals.
  static func text(_ value: Double, digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// A number with six significant digits at the most.
  static func significant(_ value: Double) -> String { String(format: "%.6g", value == 0 ? 0 : value) }

  /// Hours, minutes and seconds, as `1:02:03` or `2:03`.
  static func duration(_ seconds: Double) -> String {
    let whole = Int(min(max(seconds, 0), 1e9).rounded())
    let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
    return hours > 0 ? String(format: "%d:%02d:%02d", hours, minutes, rest) : String(format: "%d:%02d", minutes, rest)
  }

  /// Lengths joined by ×.
  static func lengths(_ lengths: [Int]) -> String { lengths.map(String.init).joined(separator: "×") }

  /// Two columns, without a line break at the end.
  static func table(_ rows: [(String, String)]) -> String {
    let width = (rows.map(\.0.count).max() ?? 0) + 2
    return rows.map { $0.0 + String(repeating: " ", count: width - $0.0.count) + $0.1 }.joined(separator: "\n")
  }

  /// Columns, the first to the left and the others to the right.
  static func columns(_ rows: [[String]]) -> String {
    let widths = (0..<(rows.first?.count ?? 0)).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, text in
        let pad = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + pad : pad + text
      }.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}
