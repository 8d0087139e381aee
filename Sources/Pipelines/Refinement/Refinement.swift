// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Synchronization
internal import Transforms

/// Some blocks of a finished registration, to be registered again, and what that begins with: copies of its results, which share their files.
struct Refinement: Sendable {
  let kept: KeptRun
  /// Ascending.
  let blocks: [Int]
  let options: RefinementOptions
  let held = Held()

  /// Fields that were compared already.
  final class Held: Sendable {
    let changes = Mutex<[Field: FieldChanges]>([:])
  }

  init(kept: KeptRun, blocks: [Int], options: RefinementOptions) {
    (self.kept, self.blocks, self.options) = (kept, blocks, options)
  }

  /// What was done before, and this.
  var records: [RefinementRecord] {
    let own = RefinementRecord(blocks: blocks, settings: options.settings)
    // Where the results have just got their names, it is on record already.
    return kept.refinements.last == own ? kept.refinements : kept.refinements + [own]
  }

  /// What its results depend on.
  var parameters: [String: String] {
    ["run": kept.plan.stages.key, "version": WeftVersion.current, "chosen blocks": BlockSelection.text(blocks)]
      .merging(options.settings.map { ("refined \($0.key)", $0.value) }) { first, _ in first }
  }

  /// What is on record of a stage: of the registration, but where it is done anew.
  func entries(of stage: String, _ own: Journal) -> [Int: LedgerEntry] {
    var entries = kept.journal.entries(of: stage)
    // A block that ends otherwise may have nothing to measure any more.
    if stage == RegistrationRun.StageName.quality { for block in blocks { entries[block] = nil } }
    let anew = own.entries(of: stage == RegistrationRun.StageName.retry ? RegistrationRun.StageName.refine : stage)
    return entries.merging(anew) { _, new in new }
  }

  /// Makes the copies that are not there yet.
  func link(in run: RegistrationRun) throws {
    let files = FileManager.default
    let chosen = Set(blocks.map { run.full.blockFields.name(of: run.full.grid[$0]) })
    let retried = kept.folder.stage(RegistrationRun.StageName.retry)
    for name in try files.contentsOfDirectory(atPath: retried.path) where name.hasPrefix("block-") && !chosen.contains(name) {
      let target = run.folder.stage(RegistrationRun.StageName.refine).appendingPathComponent(name)
      if !files.fileExists(atPath: target.path) { try files.linkOrCopy(retried.appendingPathComponent(name), to: target) }
    }
    for stage in [RegistrationRun.StageName.blend, RegistrationRun.StageName.compose]
    where run.outlines.contains(where: { $0.name == stage }) {
      try copy(kept.fieldPath(stage), to: run.full.path(stage))
    }
    let image = run.imageStages()
    guard image.format == .zarr else { return }
    let registered = kept.output.appendingPathComponent(image.name).path
    guard files.fileExists(atPath: registered) else {
      throw PipelineError("\(registered) is gone, of which a part is to be made anew", hint: "register the pair again")
    }
    try copy(registered, to: run.folder.url.appendingPathComponent(image.result).path)
  }

  private func copy(_ source: String, to target: String) throws {
    let files = FileManager.default
    if files.fileExists(atPath: target) { return }
    let partial = target + ".partial"
    if files.fileExists(atPath: partial) { try files.removeItem(atPath: partial) }
    try files.linkOrCopyFolder(source, to: partial)
    try files.moveItem(atPath: partial, toPath: target)
  }

  /// - Throws: `PipelineError` where the image is laid out in another way than it is written now, so that no part of it can be replaced.
  func checkImage(in run: RegistrationRun) throws {
    let image = run.imageStages()
    guard image.format == .zarr else { return }
    // A copy with another layout was dropped for an empty image without metadata.
    let path = run.folder.url.appendingPathComponent(image.result).path
    guard ["zarr.json", ".zgroup"].contains(where: { FileManager.default.fileExists(atPath: path + "/" + $0) }) else {
      throw PipelineError(
        "\(kept.output.appendingPathComponent(image.name).path) is laid out in another way than Weft \(WeftVersion.current) writes it",
        hint: "register the pair again")
    }
  }

  /// Reads what is kept of the chosen blocks and their neighbours, and the fields.
  ///
  /// - Throws: `DamagedOutput` where something is not what was written.
  func check(_ run: RegistrationRun) throws {
    let level = run.full
    _ = try run.coarse()
    let fields = BlockFieldFiles(
      fine: kept.folder.stage(RegistrationRun.StageName.fine), again: kept.folder.stage(RegistrationRun.StageName.retry),
      lattice: level.lattice)
    let records = try level.blocks(kept.journal).records
    for record in records where record.state == .registered {
      let url = fields.url(of: record.block, isAgain: record.attempt != .planned)
      let size = (try? FileManager.default.attributesOfItem(atPath: url.path))?[.size] as? NSNumber
      guard size?.intValue == fields.byteCount(of: record.block) else {
        throw DamagedOutput(path: url.path, reason: size == nil ? "it is gone" : "its size is another")
      }
    }
    for number in Set(blocks.flatMap { level.grid.blocks(meeting: level.grid[$0].extended).map(\.number) }).sorted() {
      let record = records[number]
      guard record.state == .registered else { continue }
      _ = try fields.read(
        record.block, isAgain: record.attempt != .planned, region: level.lattice.controlPoints(for: record.block.extended))
    }
    for stage in Self.fieldStages where kept.plan.stages.contains(where: { $0.name == stage }) {
      try checkChunks(of: kept.fieldPath(stage), kept.journal.entries(of: stage), level)
    }
  }

  /// Reads the fields that are kept for the next refinement: of a chunk that was damaged and removed meanwhile, and that no chosen block acts
  /// on, no task makes another, and without it nothing would be displaced there.
  ///
  /// - Throws: `PipelineError` where something is not what was written.
  func checkFields(_ run: RegistrationRun, _ journal: Journal) throws {
    do {
      for stage in Self.fieldStages where kept.plan.stages.contains(where: { $0.name == stage }) {
        try checkChunks(of: run.full.path(stage), run.entries(of: stage, journal), run.full)
      }
    } catch let damage as DamagedOutput {
      throw PipelineError(
        "\(damage.path) is not whole (\(damage.reason)), and the refinement does not make all of it",
        hint: "`weft cancel \(kept.output.path) --clean` drops the refinement, and the result stays as it was; then refine again")
    }
  }

  private static let fieldStages = [RegistrationRun.StageName.carry, RegistrationRun.StageName.blend, RegistrationRun.StageName.compose]

  /// - Throws: `DamagedOutput` where a chunk of a field is damaged or gone.
  private func checkChunks(of path: String, _ entries: [Int: LedgerEntry], _ level: LevelRun) throws {
    let regions = FieldRegions(level.lattice)
    let field = try LocalField.open(at: path, lattice: level.lattice)
    try field.check()
    for (task, entry) in entries where entry.outcome.result != String(field.storedChunkCount(in: regions.region(task))) {
      throw DamagedOutput(path: path, reason: "chunks of it are gone")
    }
  }
}
