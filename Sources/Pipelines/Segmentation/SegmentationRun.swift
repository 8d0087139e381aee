// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pyramids
internal import Segmentation
internal import Synchronization
internal import Volumes

/// A segmentation as stages of tasks over files: statistics → segment → match → merge → relabel → one a pyramid level → finish.
struct SegmentationRun: StagedRun {
  enum StageName {
    static let statistics = "statistics"
    static let segment = "segment"
    static let match = "match"
    static let merge = "merge"
    static let relabel = "relabel"
    static let finish = "finish"
  }

  let plan: SegmentationPlan
  let target: LabelTarget
  let folder: RunFolder
  let outlines: [StageOutline]
  private let known = Known()

  /// Statistics that were read already, of a time or two.
  private final class Known: Sendable {
    let contexts = Mutex<[Int: SegmentationContext]>([:])
  }

  init(_ plan: SegmentationPlan, _ target: LabelTarget, _ folder: RunFolder) {
    self.plan = plan
    self.target = target
    self.folder = folder
    outlines = Self.outlines(plan, plan.layout(.uint32, target))
  }

  private static func outlines(_ plan: SegmentationPlan, _ layout: PyramidLayout) -> [StageOutline] {
    let options = plan.options
    let image = [
      "version": WeftVersion.current, "input": InputIdentity(plan.image).text, "channels": "\(options.channels)",
      "level": "\(options.level)",
    ]
    let segment = [
      "diameter": plan.diameter.map { "\($0)" } ?? "none", "tile": plan.grid.core.description, "halo": plan.grid.halo.description,
      "margin": "\(plan.margin)", "merge": plan.rule.rawValue,
    ].merging(plan.method.parameters) { $1 }
    let statistics = StageOutline(StageName.statistics, parameters: image, tasks: plan.times)
    var stages = options.needsStatistics ? [statistics] : []
    stages.append(
      StageOutline(StageName.segment, parameters: options.needsStatistics ? segment : image.merging(segment) { $1 }, tasks: plan.tileCount))
    if plan.rule != .none { stages.append(StageOutline(StageName.match, tasks: plan.tileCount)) }
    stages.append(
      StageOutline(
        StageName.merge,
        parameters: [
          "least size": options.minimumSize.map { "\($0)" } ?? "none", "number format": options.voxelType?.rawValue ?? "auto",
          "OME version": layout.version.rawValue,
        ], tasks: 1))
    stages.append(StageOutline(StageName.relabel, tasks: nil))
    for level in 1..<max(1, layout.factors.count) {
      stages.append(StageOutline(ImageStages.StageName.pyramid(level), tasks: nil))
    }
    return stages + [StageOutline(StageName.finish, tasks: 1)]
  }

  func stage(_ name: String, journal: Journal) throws -> Stage {
    switch name {
    case StageName.statistics: return statisticsStage()
    case StageName.segment: return segmentStage()
    case StageName.match: return matchStage()
    case StageName.merge: return mergeStage(journal)
    case StageName.relabel: return try relabelStage(journal)
    case StageName.finish: return finishStage(journal)
    default:
      for level in 1..<max(1, layout(.uint32).factors.count) where name == ImageStages.StageName.pyramid(level) {
        return try LabelImage(self, journal).pyramidStage(level)
      }
      throw outlines.unknown(name)
    }
  }

  /// What the labels look like in a number format.
  func layout(_ type: VoxelType) -> PyramidLayout { plan.layout(type, target) }

  var tiles: TileFiles { TileFiles(folder: folder.stage(StageName.segment), grid: plan.grid, rule: plan.rule) }

  // MARK: statistics

  private var statistics: StatisticsFiles { StatisticsFiles(folder: folder.stage(StageName.statistics)) }

  /// Measures the intensities of each time once.
  private func statisticsStage() -> Stage {
    Stage(StageName.statistics, tasks: .all(plan.times), width: 1, isWorthRetrying: ImageStages.isWorthRetrying) { [self] time in
      try statistics.write(plan.measuredContext(time).statistics, time)
    }
  }

  /// What was measured of a time.
  private func context(_ time: Int) throws -> SegmentationContext {
    guard plan.options.needsStatistics else { return SegmentationContext(statistics: []) }
    if let context = known.contexts.withLock({ $0[time] }) { return context }
    // Read before the lock is taken: tasks that begin at once may all read it, and none waits.
    let context = SegmentationContext(statistics: try statistics.read(time))
    known.contexts.withLock { known in
      // Tasks go on from time to time: those before the last are not needed again.
      known = known.filter { $0.key >= time - 1 }
      known[time] = context
    }
    return context
  }

  // MARK: segment

  /// Finds the objects of each tile.
  private func segmentStage() -> Stage {
    Stage(
      StageName.segment, tasks: .all(plan.tileCount), width: plan.tilesAtOnce,
      isWorthRetrying: { error in
        (error as? WorkerError).map(\.mayRetry) ?? (ImageStages.isWorthRetrying(error) && !(error is SegmentationError))
      }
    ) { [self] number in
      let (time, block) = plan.place(number)
      let (tile, context) = (try plan.tile(block, time), try context(time))
      let labels: TileLabels
      do { labels = try plan.labels(of: tile, block, context) } catch { throw error.inTile(block.index, time: time, of: plan.times) }
      guard labels.count > 0 else { return TaskOutcome(state: "empty", result: "0") }
      let tiles = tiles
      let bytes = try tiles.write(labels, number)
      return TaskOutcome(state: "segmented", result: String(labels.count), files: [tiles.name(number): bytes])
    }
  }

  // MARK: match

  private var overlapFiles: OverlapFiles { OverlapFiles(folder: folder.stage(StageName.match)) }

  /// Finds which objects of different tiles meet.
  private func matchStage() -> Stage {
    Stage(StageName.match, tasks: .all(plan.tileCount), width: plan.tilesAtOnce) { [self] number in
      let overlaps = try tiles.overlaps(number)
      if overlaps.isEmpty { return TaskOutcome() }
      let bytes = try overlapFiles.write(overlaps, number)
      return TaskOutcome(result: String(overlaps.count), files: [overlapFiles.name(number): bytes])
    }
  }

  // MARK: merge

  var assignments: AssignmentFiles { AssignmentFiles(folder: folder.stage(StageName.merge)) }

  /// What merging found, as the ledger says it.
  struct Merged: Codable {
    var objects: UInt64
    /// The last label of each time.
    var ends: [UInt64]
    var voxelType: VoxelType
  }

  /// Makes objects of the image of the tiles' objects, and the arrays that they are written to.
  private func mergeStage(_ journal: Journal) -> Stage {
    let tiles = tiles
    return Stage(
      StageName.merge, tasks: .all(1), width: 1, isExclusive: true,
      isPresent: { [assignments, plan] _, _ in (0..<plan.tileCount).allSatisfy { !tiles.hasObjects($0) || assignments.exists($0) } },
      isWorthRetrying: ImageStages.isWorthRetrying
    ) { [self] _ in
      var merger = ObjectMerger(rule: plan.rule, rank: plan.volume.rank, minimumVoxels: plan.options.minimumSize ?? 0)
      if plan.rule != .none {
        for (number, entry) in journal.entries(of: StageName.match).sorted(by: { $0.key < $1.key }) where entry.outcome.files != nil {
          merger.add(try overlapFiles.read(number))
        }
      }
      var ends = [UInt64](repeating: 0, count: plan.times)
      var files = AssignmentFiles.Writer(assignments)
      let count = try merger.merge(
        tileCount: plan.tileCount, neighbour: { tiles.neighbour(of: $0, code: $1) }, tile: { try tiles.objects($0) }
      ) { number, assignment in
        try Task.checkCancellation()
        guard !assignment.ids.isEmpty else { return }
        try files.add(assignment, number)
        ends[number / plan.grid.count] = max(ends[number / plan.grid.count], assignment.ids.max() ?? 0)
      }
      try files.finish()
      for time in ends.indices.dropFirst() { ends[time] = max(ends[time], ends[time - 1]) }
      let merged = Merged(objects: count, ends: ends, voxelType: try voxelType(for: count))
      _ = try LabelImage.begin(self, merged, isShared: false)
      return TaskOutcome(result: String(decoding: try RunFolder.encoder.encode(merged), as: UTF8.self))
    }
  }

  /// The smallest number format that holds so many labels, or the one asked for.
  private func voxelType(for count: UInt64) throws -> VoxelType {
    let needed: VoxelType = count <= UInt64(UInt16.max) ? .uint16 : count <= UInt64(UInt32.max) ? .uint32 : .uint64
    guard let asked = plan.options.voxelType else { return needed }
    guard asked.size >= needed.size else {
      throw PipelineError(
        "there are \(count) objects, and --dtype \(asked.rawValue) holds labels up to \(asked == .uint16 ? UInt64(UInt16.max) : UInt64(UInt32.max))",
        hint: "choose --dtype \(needed.rawValue), or leave it out")
    }
    return asked
  }

  /// What merging found.
  func merged(_ journal: Journal) throws -> Merged {
    guard let text = journal.entries(of: StageName.merge)[0]?.outcome.result,
      let merged = try? RunFolder.decoder.decode(Merged.self, from: Data(text.utf8))
    else { throw RunError("the stage `merge` comes first, and is not done", hint: "run it first") }
    return merged
  }

  // MARK: relabel

  /// Writes the labels of the image, and measures its objects.
  private func relabelStage(_ journal: Journal) throws -> Stage {
    try LabelImage(self, journal).relabelStage()
  }

  // MARK: finish

  /// Writes the table of objects and the metadata.
  private func finishStage(_ journal: Journal) -> Stage {
    let target = folder.stage(StageName.finish)
    return Stage(StageName.finish, tasks: .all(1), width: 1, isExclusive: true) { [self] _ in
      let image = try LabelImage(self, journal)
      var files: [String: Int] = [:]
      files["objects.csv"] = try image.writeTable(to: target.appendingPathComponent("objects.csv"))
      let record = try SegmentationRecord(plan, self.target, image.merged).encoded()
      try record.write(to: target.appendingPathComponent("run.json"), options: .atomic)
      files["run.json"] = record.count
      return TaskOutcome(files: files)
    }
  }
}
