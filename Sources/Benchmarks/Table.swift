// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A Markdown table that also reads well as text.
enum Table {
  /// Columns as wide as their widest cell, the first to the left, the others to the right.
  static func text(_ head: [String], _ rows: [[String]]) -> String {
    let all = [head] + rows
    let widths = head.indices.map { column in all.map { $0[column].count }.max()! }
    func line(_ cells: [String]) -> String {
      let padded = cells.enumerated().map { column, cell in
        let pad = String(repeating: " ", count: widths[column] - cell.count)
        return column == 0 ? cell + pad : pad + cell
      }
      return "| " + padded.joined(separator: " | ") + " |"
    }
    let rule = "|" + widths.enumerated().map { String(repeating: "-", count: $1 + 1) + ($0 == 0 ? "-" : ":") }.joined(separator: "|") + "|"
    return ([line(head), rule] + rows.map(line)).joined(separator: "\n")
  }
}

extension Double {
  /// With so many decimals; a dash for what is not a number.
  func text(_ digits: Int) -> String { isFinite ? String(format: "%.\(digits)f", self) : "–" }
}
