// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Pipelines

/// The page over several rounds.
struct RoundsPage {
  let fixed: String
  let rounds: [RoundSummary]

  var page: Page {
    let title = "\(NumberFormat.count(rounds.count, "round")) onto \(Self.lastName(fixed))"
    return Page(title: title, sections: [.init(id: "summary", title: "Rounds", body: table)])
  }

  private var table: HTML {
    let columns = ["round", "image", "flagged", "blocks flagged", "folding", "overlap"]
    let head: [HTML] = columns.map { "<th scope=\"col\" aria-sort=\"none\"><button type=\"button\">\($0)</button></th>" }
    return """
      <p>Each round was registered by itself, and has a report of its own.</p>
      <div class="scroll" tabindex="0" role="region" aria-label="Table of rounds"><table class="sortable"><thead><tr>\(head)</tr></thead>
      <tbody>\(rounds.map(row))</tbody></table></div>
      <p class="note">Overlap is the part of the fixed voxels that map inside the round's image. <code>\(RoundsRecord.fileName)</code> beside this \
      page lists the rounds for programs.</p>
      """
  }

  private func row(_ round: RoundSummary) -> HTML {
    let link = "\(Self.escaped(round.name))/\(RegistrationReport.pageName)"
    let blocks = round.verdicts.values.reduce(0, +)
    return """
      <tr><td><a href="\(link)">\(round.name)</a></td><td>\(Self.lastName(round.moving))</td>\
      <td><span class="verdict\(HTML(trusted: round.isFlagged ? " flagged" : ""))">\(round.isFlagged ? "yes" : "no")</span></td>\
      <td class="number" data-value="\(round.flaggedBlocks)">\(round.flaggedBlocks) of \(blocks)</td>\
      <td class="number" data-value="\(String(round.map.foldingPercent))">\(NumberFormat.percent(round.map.foldingPercent))</td>\
      <td class="number" data-value="\(String(round.map.insidePercent))">\(NumberFormat.percent(round.map.insidePercent))</td></tr>

      """
  }

  private static func escaped(_ name: String) -> String { name.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? name }

  private static func lastName(_ path: String) -> String { ReportContents.lastName(StoreLocation.split(path).path) }
}
