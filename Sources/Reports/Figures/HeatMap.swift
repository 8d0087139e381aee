// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The blocks of a grid as cells: along one axis the worst block of each line of blocks stands for it, or one layer shows each block.
package struct HeatMap {
  package struct Cell: Equatable {
    package var row: Int
    package var column: Int
    /// The lowest metric among its blocks; `nil` where none was measured.
    package var quality: Double?
    /// The gravest verdict among them.
    package var verdict: RecordedVerdict
    /// What a pointer over the cell is told.
    package var title: String
  }

  package let cells: [Cell]
  package let rows: Int
  package let columns: Int
  /// The names of the axes that run down and to the right.
  let axes: (down: String, right: String)

  /// - Parameters:
  ///   - blocks: those of one grid.
  ///   - rank: 2 or 3.
  ///   - normal: the axis that is looked along, 0 the first one; not used in two dimensions.
  ///   - layer: the index along `normal` that is shown; `nil` looks through all of them.
  package init(_ blocks: [RecordedBlock], rank: Int, normal: Int = 0, layer: Int? = nil) {
    let names = Array(["z", "y", "x"].suffix(rank))
    let (down, right) = rank == 2 ? (0, 1) : normal == 0 ? (1, 2) : normal == 1 ? (0, 2) : (0, 1)
    axes = (names[down], names[right])
    rows = (blocks.map { $0.index[down] }.max() ?? -1) + 1
    columns = (blocks.map { $0.index[right] }.max() ?? -1) + 1
    let shown = layer.map { layer in blocks.filter { $0.index[normal] == layer } } ?? blocks
    cells = Dictionary(grouping: shown) { [$0.index[down], $0.index[right]] }.map { place, line in
      let verdict = line.map(\.verdict).min { $0.gravity < $1.gravity } ?? .background
      let quality = line.compactMap(\.quality).min()
      return Cell(row: place[0], column: place[1], quality: quality, verdict: verdict, title: Self.title(line, verdict, quality))
    }.sorted { ($0.row, $0.column) < ($1.row, $1.column) }
  }

  private static func title(_ line: [RecordedBlock], _ verdict: RecordedVerdict, _ quality: Double?) -> String {
    let metric = quality.map { "metric \(NumberFormat.short($0))" } ?? "not measured"
    if line.count == 1 {
      let reason = line[0].reason.isEmpty ? "" : ": \(line[0].reason)"
      return "block \(line[0].number) (\(line[0].index.map(String.init).joined(separator: ", "))): \(verdict.name), \(metric)\(reason)"
    }
    let worst = line.filter { $0.verdict == verdict }.map { String($0.number) }
    let named = worst.prefix(6).joined(separator: ", ") + (worst.count > 6 ? ", …" : "")
    return "\(line.count) blocks, the gravest \(verdict.name) (\(named)), lowest \(metric)"
  }

  private static let side = 24

  /// The map as a drawing.
  ///
  /// - Parameter scale: what is dark and what is bright.
  package func html(_ scale: MetricScale, name: String) -> HTML {
    let (width, height) = (columns * Self.side, rows * Self.side)
    let drawn = cells.map { cell(drawn: $0, scale) }
    let flagged = cells.count { $0.verdict.isFlagged }
    let words = "\(name): \(rows) by \(columns) cells, \(flagged == 0 ? "none flagged" : "\(flagged) flagged")"
    return """
      <figure class="map"><svg viewBox="-14 -14 \(width + 18) \(height + 18)" style="max-width:\(max(66, min(560, (width + 18) * 3 / 2)))px" role="img" \
      aria-label="\(words)"><text class="axis" x="\(width / 2)" y="-4">\(axes.right) →</text>\
      <text class="axis" transform="translate(-4 \(height / 2)) rotate(-90)">← \(axes.down)</text>\(drawn)</svg><figcaption>\(name)</figcaption></figure>
      """
  }

  private func cell(drawn cell: Cell, _ scale: MetricScale) -> HTML {
    let (x, y) = (cell.column * Self.side, cell.row * Self.side)
    let place = cell.quality.map(scale.place)
    let isEmpty = place == nil
    let fill = place.map { Palette.magnitude.hex($0) } ?? "none"
    let ink = place.map { Palette.magnitude.isLight($0) ? "#000" : "#fff" } ?? "currentColor"
    let kind = cell.verdict.isFlagged ? " flagged" : isEmpty ? " empty" : ""
    let mark: HTML = cell.verdict.mark.isEmpty ? "" : "<text x=\"\(x + 12)\" y=\"\(y + 16)\" fill=\"\(ink)\">\(cell.verdict.mark)</text>"
    return """
      <g class="cell\(kind)"><title>\(cell.title)</title><rect x="\(x + 1)" y="\(y + 1)" width="22" height="22" rx="2" \
      fill="\(fill)"/>\(mark)</g>
      """
  }
}
