// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Numbers in a table, each with a bar.
struct BarTable {
  struct Row {
    var name: String
    /// The number as it is read.
    var text: String
    /// The length of the bar, from 0 to 1.
    var share: Double
    /// What else stands in the row.
    var more: [String] = []
  }

  let headings: [String]
  let rows: [Row]

  var html: HTML {
    let head: [HTML] = headings.enumerated().map { place, heading in
      place == 0 ? "<th scope=\"col\">\(heading)</th>" : "<th scope=\"col\" class=\"number\">\(heading)</th>"
    }
    let body: [HTML] = rows.map { row in
      let more: [HTML] = row.more.map { "<td class=\"number\">\($0)</td>" }
      let width = String(format: "%.1f", 100 * min(max(row.share, 0), 1))
      return """
        <tr><th scope="row">\(row.name)</th><td class="number">\(row.text)</td>\(more)<td class="bars" aria-hidden="true">\
        <span style="width:\(width)%"></span></td></tr>
        """
    }
    return "<table class=\"bar-table\"><thead><tr>\(head)<td></td></tr></thead><tbody>\(body)</tbody></table>"
  }
}
