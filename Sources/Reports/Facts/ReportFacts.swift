// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pipelines
internal import Transforms
internal import Volumes

/// What the page tells, for programs: `report.json`.
struct ReportFacts: Encodable {
  struct Image: Encodable {
    var path: String
    /// Distances between voxels, z, y, x (2D: y, x).
    var spacing: [Double]?
    /// As OME-NGFF names it.
    var unit: String?
    /// Shown as black and as full colour.
    var contrast: ContrastRange?
  }

  struct Step: Encodable {
    var name: String
    var metric: Double
  }

  struct Pictured: Encodable {
    /// The whole region, or a block's number.
    var block: Int?
    var stages: [String]
    /// The voxel of the registered region along each axis at which a plane across it lies.
    var planes: [String: Int]
  }

  struct Sheets: Encodable {
    /// In the unit of the fixed image, or in its spacing's where it has none.
    var longestDisplacement: Double
    var leastDeterminant: Double
    var greatestDeterminant: Double
  }

  let title: String
  let fixed: Image
  let moving: Image
  /// `run.json`; addresses without what is sent with each request.
  let run: JSON
  let coarseMetrics: [Step]
  /// The mean metric of blocks before and after the fine stage.
  let blockMetrics: [Double]?
  let verdicts: [String: Int]
  let isJudged: Bool
  /// What the summary asks to look at.
  let remarks: [String]
  /// All blocks of full resolution, those to look at first.
  let blocks: [RecordedBlock]
  let times: RecordedTimes?
  let pictures: [Pictured]
  /// What the planes of the map show.
  let map: Sheets?
  /// What is left out, and why.
  let omissions: [String]

  init(_ contents: ReportContents) {
    let (record, table) = (contents.run, contents.table)
    func image(_ input: RecordedRun.Input, _ space: PhysicalSpace?, _ name: String) -> Image {
      Image(
        path: input.shownPath, spacing: space.map { Array($0.spacing.suffix(contents.rank)) }, unit: space?.unit?.name,
        contrast: contents.pictures.contrast[name])
    }
    func pictured(_ set: PictureSet, _ block: Int?) -> Pictured {
      Pictured(
        block: block, stages: set.stages.map(\.rawValue),
        planes: Dictionary(
          uniqueKeysWithValues: set.planes.map { (ViewPlane.axes[$0.normal], $0.box.lower[$0.normal] * $0.view.factors[$0.normal]) }))
    }
    title = contents.title
    fixed = image(record.fixed, contents.transforms?.transform.fixedSpace, "fixed")
    moving = image(record.moving, contents.transforms?.movingSpace, "moving")
    var members = record.json.members ?? [:]
    for (name, input) in [("fixed", record.fixed), ("moving", record.moving)] {
      var image = members[name]?.members ?? [:]
      image["path"] = .string(input.shownPath)
      members[name] = .object(image)
    }
    run = .object(members)
    coarseMetrics = record.coarseMetrics.map { Step(name: $0.name, metric: $0.value) }
    blockMetrics = table.means(["metric_before", "metric_after"])
    verdicts = Dictionary(table.counts.map { ($0.verdict.name, $0.count) }, uniquingKeysWith: +)
    isJudged = table.isJudged
    remarks = SummarySection(contents: contents).remarks
    blocks = table.worstFirst
    times = contents.times
    pictures =
      (contents.pictures.overview.map { [pictured($0, nil)] } ?? [])
      + contents.pictures.blocks.map { pictured($0.set, $0.block.number) }
    map = contents.pictures.field.map {
      Sheets(
        longestDisplacement: $0.longest, leastDeterminant: Double($0.extremes.least), greatestDeterminant: Double($0.extremes.greatest))
    }
    omissions = contents.omissions
  }
}
