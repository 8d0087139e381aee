// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Pipelines

/// How good each block is: maps of the grid, the blocks to look at, and the table.
struct BlockSection {
  let contents: ReportContents
  let levels: Int

  /// Blocks of which each gets a cell of its own.
  static let mostCells = 4000
  private var table: RecordedBlocks { contents.table }

  var html: HTML {
    let scale = MetricScale(table.blocks.compactMap(\.quality))
    let metric = "Metric after the fine stage"
    let maps: [HTML]
    if contents.rank == 2 {
      maps = [HeatMap(table.blocks, rank: 2).html(scale, name: "Each block")]
    } else {
      maps = (0..<3).map { HeatMap(table.blocks, rank: 3, normal: $0).html(scale, name: "Lowest along \(ViewPlane.axes[$0])") }
    }
    return """
      <p>\(introduction)</p>
      <div class="maps">\(maps)\(ScatterPlot(blocks: table.blocks).html)</div>
      <div class="legend">\(scale.legend(metric))\(marks)</div>
      \(layers(scale))\(worst)\(BlockTablePart(table: table).html)
      """
  }

  private var introduction: HTML {
    let judged: HTML =
      table.isJudged ? "" : " This run judged no block: verdicts are how blocks ended, and say nothing of how good they are."
    let coarser: HTML =
      table.coarserCount == 0 ? "" : " \(NumberFormat.count(table.coarserCount, "block")) of coarser levels are in blocks.csv and not here."
    return "The fixed region was registered in \(NumberFormat.count(table.blocks.count, "block")) at full resolution.\(judged)\(coarser)"
  }

  /// What letters in the maps mean: those that occur.
  private var marks: HTML {
    let items: [HTML] = table.counts.map { verdict, count in
      let mark: HTML = verdict.mark.isEmpty ? "" : "<kbd>\(verdict.mark)</kbd> "
      return "<li>\(mark)<b>\(verdict.name)</b> (\(count)): \(verdict.meaning)</li>"
    }
    return "<ul class=\"marks-list\">\(items)</ul>"
  }

  /// Every block by itself, one layer of the grid after the other.
  private func layers(_ scale: MetricScale) -> HTML {
    guard contents.rank == 3, table.blocks.count <= Self.mostCells else { return "" }
    let count = (table.blocks.map { $0.index[0] }.max() ?? -1) + 1
    guard count > 1 else { return "" }
    let maps: [HTML] = (0..<count).map { HeatMap(table.blocks, rank: 3, normal: 0, layer: $0).html(scale, name: "Layer z = \($0)") }
    return "<details><summary>Every block, layer by layer</summary><div class=\"maps small\">\(maps)</div></details>"
  }

  /// The blocks that pictures were taken of.
  private var worst: HTML {
    let shown = contents.pictures.blocks
    if shown.allSatisfy({ $0.set.stages.isEmpty }) { return "" }
    let hasFlagged = shown.contains { $0.block.verdict.isFlagged }
    let parts: [HTML] = shown.map { block, set in
      let stages: [HTML] = set.stages.map { stage in
        let rows: [HTML] = Comparison.allCases.map { kind in
          PlaneRow(
            pictures: set.pictures(stage, kind, of: "Block \(block.number)"), unit: contents.unit, isVoxels: contents.isInVoxels,
            kind: kind.rawValue, levels: levels, region: contents.transforms?.fixedExtent
          ).html
        }
        return "<div class=\"stage\" data-stage=\"\(stage.rawValue)\"><h4>\(stage.name)</h4>\(rows)</div>"
      }
      let reason: HTML = block.reason.isEmpty ? "" : " \(block.reason)"
      let change = [("metric_before", "before"), ("metric_after", "after")].compactMap { name, words in
        block.values[name].map { "\(NumberFormat.short($0)) \(words)" }
      }
      let metric: HTML = change.isEmpty ? "" : " Metric \(change.joined(separator: ", "))."
      return """
        <div class="block"><h3>Block \(block.number) \(VerdictText(block.verdict).html)</h3>\
        <p class="note">Grid place \(block.index.map(String.init).joined(separator: ", ")).\(metric)\(reason)</p>\
        <div class="viewer pair\(set.planes.count == 1 ? " flat" : "")">\(kinds(block.number))\(stages)</div></div>
        """
    }
    let words =
      shown.count == 1
      ? "There is one block."
      : hasFlagged ? "The gravest verdicts, then the lowest metrics." : "No block is flagged: these have the lowest metrics."
    return
      "<h3 class=\"wide\">Blocks to look at</h3><p>\(words) Each is shown with a little around it, from black to full colour by the 1st to the 99.8th percentile of its own pictures: noise may look like much.</p>\(parts)"
  }

  private func kinds(_ number: Int) -> HTML {
    let options: [HTML] = Comparison.allCases.map { kind in
      """
      <label><input type="radio" name="block-\(number)-kind" value="\(kind.rawValue)"\(HTML(trusted: kind == .overlay ? " checked" : ""))>\
      <span>\(kind.name)</span></label>
      """
    }
    return "<div class=\"switches\"><fieldset><legend>Compared as</legend>\(options)</fieldset></div>"
  }
}
