// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The metric of each block before and after the fine stage: above the diagonal is better.
struct ScatterPlot {
  let blocks: [RecordedBlock]

  private static let side = 200.0
  /// Points that are drawn: more hide each other.
  static let most = 3000

  var html: HTML? {
    let points = blocks.compactMap { block -> (RecordedBlock, Double, Double)? in
      guard let before = block.values["metric_before"], let after = block.values["metric_after"] else { return nil }
      return (block, before, after)
    }
    guard points.count > 1 else { return nil }
    let scale = MetricScale(points.flatMap { [$0.1, $0.2] })
    let step = (points.count + Self.most - 1) / Self.most
    func at(_ value: Double) -> Double { scale.place(value) * Self.side }
    let drawn: [HTML] = stride(from: 0, to: points.count, by: step).map { i in
      let (block, before, after) = points[i]
      let title = "block \(block.number): \(NumberFormat.short(before)) before, \(NumberFormat.short(after)) after, \(block.verdict.name)"
      let place = String(format: "cx=\"%.1f\" cy=\"%.1f\"", at(before), Self.side - at(after))
      let kind = block.verdict.isFlagged ? "flagged" : "point"
      return "<circle class=\"\(kind)\" \(HTML(trusted: place)) r=\"3.5\"><title>\(title)</title></circle>"
    }
    let better = points.count { $0.2 > $0.1 }
    let words = "Metric before and after the fine stage: better in \(better) of \(points.count) blocks"
    let all: HTML = step == 1 ? "" : " Every \(step)th block is drawn."
    return """
      <figure class="map scatter"><svg viewBox="-34 -8 244 252" role="img" aria-label="\(words)"><rect class="plot" width="200" height="200"/>\
      <path class="diagonal" d="M0 200L200 0"/>\(drawn)<text class="axis" x="100" y="234">before the fine stage →</text>\
      <text class="axis" transform="translate(-22 100) rotate(-90)">after →</text>\
      <text class="axis" x="0" y="215">\(NumberFormat.short(scale.low))</text><text class="axis" x="200" y="215">\(NumberFormat.short(scale.high))</text>\
      <text class="axis end" x="-4" y="202">\(NumberFormat.short(scale.low))</text><text class="axis end" x="-4" y="8">\(NumberFormat.short(scale.high))</text></svg>\
      <figcaption>Better in \(better) of \(points.count) blocks: above the diagonal.\(all)</figcaption></figure>
      """
  }
}
