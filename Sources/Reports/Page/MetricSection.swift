// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation

/// How alike the images are, step by step, as far as it was recorded.
struct MetricSection {
  let contents: ReportContents

  var html: HTML {
    let run = contents.run
    let coarse = run.coarseMetrics
    let means = contents.table.means(["metric_before", "metric_after"])
    let both: HTML = means == nil ? "" : " The two tables measure differently, and are not to be compared with each other."
    var parts: HTML = "<p>Maximised: \(run.metricName)\(reason). Higher is better in every row.\(both)</p>"
    parts += "<div class=\"columns\">"
    if !coarse.isEmpty {
      parts += "<div><h3>Whole volume, coarse</h3>\(bars("Step", coarse))</div>"
    }
    if let means {
      parts += """
        <div><h3>Blocks, full resolution</h3>\(bars("Mean over measured blocks", [("before the fine stage", means[0]), ("after it", means[1])]))</div>
        """
    }
    parts += "</div>"
    let starts = run.starts
    if !starts.isEmpty {
      let chosen = run.json["coarse"]?["start"]?.text
      parts += """
        <details><summary>Starts that were tried (\(starts.count))</summary>
        <p class="note">How alike the images are at each start, after a short search from it; the registration went on from \
        <b>\(chosen ?? "one of them")</b>.</p>\(bars("Start", starts.map { ($0.name + ($0.name == chosen ? " (chosen)" : ""), $0.score) }))</details>
        """
    }
    return parts
  }

  private var reason: String { contents.run.json["metricReason"]?.text.map { " (\($0))" } ?? "" }

  /// Bars from 0 where no number is below it, else from the least.
  private func bars(_ heading: String, _ rows: [(name: String, value: Double)]) -> HTML {
    let values = rows.map(\.value).filter(\.isFinite)
    let (least, most) = (min(values.min() ?? 0, 0), max(values.max() ?? 1, 0))
    let whole = least >= 0 && most <= 1 ? 1 : max(most - least, .leastNormalMagnitude)
    return BarTable(
      headings: [heading, "metric"],
      rows: rows.map { .init(name: $0.name, text: NumberFormat.fixed($0.value, decimals: 4), share: ($0.value - least) / whole) }
    ).html
  }
}
