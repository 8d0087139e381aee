// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The blocks as a table, those to look at first; a click on a heading sorts it.
struct BlockTablePart {
  let table: RecordedBlocks

  /// Rows that a page holds.
  static let mostRows = 500

  var html: HTML {
    let rows = Array(table.worstFirst.prefix(Self.mostRows))
    let hasReasons = rows.contains { !$0.reason.isEmpty }
    let columns = ["block", "place", "verdict"] + (table.isJudged ? ["state"] : []) + table.measures + (hasReasons ? ["reason"] : [])
    let head: [HTML] = columns.map { name in
      "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\">\(name.replacingOccurrences(of: "_", with: " "))</button></th>"
    }
    let body: [HTML] = rows.map { row($0, hasReasons) }
    let rest: HTML =
      rows.count < table.blocks.count
      ? "<p class=\"note\">The first \(rows.count) of \(table.blocks.count) blocks, the gravest first; all are in blocks.csv.</p>" : ""
    let isOpen = rows.count <= 40 || rows.contains { $0.verdict.isFlagged }
    return """
      <details\(HTML(trusted: isOpen ? " open" : ""))><summary>Table of blocks</summary>\(rest)
      <div class="scroll" tabindex="0" role="region" aria-label="Table of blocks"><table class="sortable"><thead><tr>\(head)</tr></thead>
      <tbody>\(body)</tbody></table></div></details>
      """
  }

  private func row(_ block: RecordedBlock, _ hasReasons: Bool) -> HTML {
    let measures: [HTML] = table.measures.map { name in
      guard let value = block.values[name] else { return "<td>\(block.texts[name] ?? "")</td>" }
      return "<td class=\"number\" data-value=\"\(String(value))\">\(NumberFormat.short(value, significant: 4))</td>"
    }
    let state: HTML = table.isJudged ? "<td>\(block.state)</td>" : ""
    let reason: HTML = hasReasons ? "<td>\(block.reason)</td>" : ""
    return """
      <tr><td class="number" data-value="\(block.number)">\(block.number)</td><td class="place" data-value="\(block.number)">\
      \(block.index.map(String.init).joined(separator: ", "))</td><td data-value="\(block.verdict.gravity)">\
      \(VerdictText(block.verdict).html)</td>\(state)\(measures)\(reason)</tr>

      """
  }
}
