// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Pipelines

/// What there is to know at a glance, and what calls for a look.
struct SummarySection {
  let contents: ReportContents

  var html: HTML {
    let glance: [HTML] = figures.map { "<div><dt>\($0.name)</dt><dd>\($0.value)<small>\($0.note)</small></dd></div>" }
    let remarks = remarks
    let list: [HTML] = remarks.map { "<li>\($0)</li>" }
    let notes: HTML =
      remarks.isEmpty
      ? "<p class=\"calm\"><strong>Nothing was flagged.</strong> Numbers see less than eyes: look at the pictures, too.</p>"
      : "<div class=\"remarks\"><h3>To look at</h3><ul>\(list)</ul></div>"
    let left: [HTML] = contents.omissions.map { "<li>\($0)</li>" }
    let omissions: HTML =
      left.isEmpty ? "" : "<div class=\"remarks\"><h3>Left out of this report</h3><ul>\(left)</ul></div>"
    return "<dl class=\"glance\">\(glance)</dl>\(notes)\(omissions)"
  }

  /// The numbers, as many as were recorded.
  private var figures: [(name: String, value: String, note: String)] {
    let (run, table) = (contents.run, contents.table)
    var figures: [(String, String, String)] = []
    let coarse = run.coarseMetrics
    if let first = coarse.first, let last = coarse.last, coarse.count > 1 {
      figures.append(("Coarse metric", "\(Self.metric(first.value)) → \(Self.metric(last.value))", "\(first.name) → \(last.name)"))
    }
    if let means = table.means(["metric_before", "metric_after"]) {
      figures.append(("Block metric", "\(Self.metric(means[0])) → \(Self.metric(means[1]))", "mean, before → after the fine stage"))
    }
    if !table.blocks.isEmpty {
      let flagged = table.blocks.count { $0.verdict.isFlagged }
      let words = table.counts.map { "\($0.count) \($0.verdict.name)" }.joined(separator: ", ")
      figures.append(("Blocks flagged", "\(flagged) of \(table.blocks.count)", words))
    }
    if let folding = run.number("map", "foldingPercent") {
      let least = run.number("map", "minimumJacobian").map { "least determinant \(NumberFormat.short($0))" } ?? ""
      figures.append(("Folding", NumberFormat.percent(folding), least))
    }
    if let inside = run.number("map", "insidePercent") {
      figures.append(("Overlap", NumberFormat.percent(inside), "of the fixed voxels map inside the moving image"))
    }
    if let times = contents.times, !times.stages.isEmpty {
      let peak = MemoryBudget.describe(times.peakMemoryBytes)
      figures.append(("Computing", NumberFormat.duration(times.seconds), "summed over all tasks; peak memory \(peak)"))
    }
    return figures
  }

  /// What should be looked at, in words; empty where nothing was flagged.
  var remarks: [String] {
    let (run, table) = (contents.run, contents.table)
    var remarks: [String] = []
    let flagged = table.counts.filter(\.verdict.isFlagged)
    for (verdict, count) in flagged {
      let numbers = table.worstFirst.filter { $0.verdict == verdict }.map { String($0.number) }
      let named = numbers.prefix(8).joined(separator: ", ") + (count > 8 ? ", …" : "")
      remarks.append("\(NumberFormat.count(count, "block")) \(verdict.name) (\(named)): \(verdict.meaning).")
    }
    if let folding = run.number("map", "foldingPercent"), folding > 0 {
      let coarse = run.number("map", "coarseFoldingPercent") ?? 0
      remarks.append(
        "The map folds in \(NumberFormat.percent(folding)) of the fixed voxels"
          + (coarse > 0 ? ", the coarse warp by itself in \(NumberFormat.percent(coarse))." : "."))
    }
    if let inside = run.number("map", "insidePercent"), inside < 50 {
      remarks.append(
        "Only \(NumberFormat.percent(inside)) of the fixed voxels map inside the moving image: the rest is empty in the result.")
    }
    for (earlier, later) in zip(run.coarseMetrics, run.coarseMetrics.dropFirst()) where later.value < earlier.value - 0.001 {
      remarks.append(
        "The coarse metric is lower after the \(later.name) (\(Self.metric(later.value))) than before it (\(Self.metric(earlier.value))).")
    }
    if let means = table.means(["metric_before", "metric_after"]), means[1] < means[0] - 0.001 {
      remarks.append("The mean block metric is lower after the fine stage than before it.")
    }
    return remarks + run.notes
  }

  static func metric(_ value: Double) -> String { NumberFormat.fixed(value, decimals: 3) }
}
