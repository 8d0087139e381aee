// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines
internal import Transforms
internal import Volumes

/// Everything that a page is made of.
struct ReportContents: Sendable {
  let run: RecordedRun
  let table: RecordedBlocks
  /// `nil` where `timings.csv` is missing.
  let times: RecordedTimes?
  /// `nil` where they cannot be read.
  let transforms: TransformFolder?
  let pictures: ReportPictures
  /// What else is missing, and why.
  let missing: [String]

  /// 2 or 3, as the registered lattice has it.
  let rank: Int

  /// All that is left out.
  var omissions: [String] { missing + pictures.missing }
  /// The unit of the fixed image.
  var unit: LengthUnit? { transforms?.transform.fixedSpace.unit }
  /// Whether lengths are voxels: no unit, and a spacing of 1.
  var isInVoxels: Bool { unit == nil && transforms?.transform.fixedSpace.spacing.allSatisfy { $0 == 1 } == true }

  /// As `moving.ome.zarr onto fixed.ome.zarr`.
  var title: String { "\(Self.lastName(run.moving.shownPath)) onto \(Self.lastName(run.fixed.shownPath))" }

  static func lastName(_ path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The page.
  ///
  /// - Parameter levels: how many greys the colours of pictures are rounded to.
  func page(levels: Int) -> Page {
    var sections = [Page.Section(id: "summary", title: "Summary", body: SummarySection(contents: self).html)]
    if let overview = pictures.overview, !overview.stages.isEmpty {
      sections.append(
        .init(id: "images", title: "Before and after", body: ComparisonSection(contents: self, set: overview, levels: levels).html))
    }
    if !table.blocks.isEmpty {
      sections.append(.init(id: "blocks", title: "Blocks", body: BlockSection(contents: self, levels: levels).html))
    }
    sections.append(.init(id: "map", title: "The map", body: MapSection(contents: self, levels: levels).html))
    sections.append(.init(id: "metrics", title: "Metrics", body: MetricSection(contents: self).html))
    if let times { sections.append(.init(id: "cost", title: "Time and memory", body: CostSection(times: times).html)) }
    sections.append(.init(id: "run", title: "What was run", body: RunSection(contents: self).html))
    return Page(title: title, sections: sections)
  }
}
