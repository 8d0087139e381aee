// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

extension RegistrationRun {
  /// Whether blocks can be refined when it is done.
  var keepsBlocks: Bool { isRecorded && isFine && !registration.options.dropsBlocks }

  /// Puts what a refinement needs into a folder: hard links to files of this run, and to those of the run that it refines.
  func keep(_ journal: Journal, at target: URL) throws {
    let files = FileManager.default
    if files.fileExists(atPath: target.path) { try files.removeItem(at: target) }
    let kept = RunFolder(target)
    try files.createDirectory(at: target, withIntermediateDirectories: true)
    guard let plan = try refinement?.kept.plan ?? RegistrationPlanFile.read(folder)?.kept else {
      throw RunError("\(folder.plan.path) is gone", hint: "begin again with --overwrite")
    }
    try plan.write(to: kept)
    for stage in plan.stages.map(\.name) where isKept(stage) {
      try writeLedger(entries(of: stage, journal), key: plan.stages.key(of: stage), in: kept.ledgers(of: stage))
    }
    try linkFiles(journal, into: kept)
    if let records = refinement?.records {
      try RunFolder.encoder.encode(records).write(to: KeptRun.refinements(kept), options: .atomic)
    }
  }

  /// Writes what became of the tasks of a stage, without what differs from run to run.
  private func writeLedger(_ entries: [Int: LedgerEntry], key: String, in folder: URL) throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appendingPathComponent("0.jsonl")
    try Data().write(to: file)
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    for (task, entry) in entries.sorted(by: { $0.key < $1.key }) {
      let line = LedgerEntry(task: task, key: key, outcome: entry.outcome, attempts: 1, seconds: 0, host: "", peakMemory: 0)
      try handle.write(contentsOf: Ledger.line(line))
    }
  }

  /// Whether blocks depend on a stage, or tables tell of it.
  private func isKept(_ stage: String) -> Bool {
    let ofLevels = [
      StageName.carry, StageName.fine, StageName.retry, StageName.blend, StageName.compose, StageName.check, StageName.repair,
    ]
    return [StageName.coarse, StageName.quality].contains(stage)
      || levels.contains { level in ofLevels.contains { level.plan.name($0) == stage } }
  }

  private func linkFiles(_ journal: Journal, into kept: RunFolder) throws {
    let files = FileManager.default
    let coarse = folder(of: StageName.coarse)
    for name in try files.contentsOfDirectory(atPath: coarse.path) where name == "transforms" || name.hasSuffix("-mask.zarr") {
      try files.linkOrCopyFolder(
        coarse.appendingPathComponent(name).path, to: kept.stage(StageName.coarse).appendingPathComponent(name).path)
    }
    for stage in [StageName.carry, StageName.blend, StageName.compose] where files.fileExists(atPath: full.path(stage)) {
      let target = kept.stage(stage)
      try files.linkOrCopyFolder(
        full.path(stage), to: target.appendingPathComponent(URL(fileURLWithPath: full.path(stage)).lastPathComponent).path)
    }
    let fields = full.blockFields
    for record in try full.blocks(journal).records where record.state == .registered {
      let isAgain = record.attempt != .planned
      try files.linkOrCopy(
        fields.url(of: record.block, isAgain: isAgain),
        to: kept.stage(isAgain ? StageName.retry : StageName.fine).appendingPathComponent(fields.name(of: record.block)))
    }
  }
}

extension RegistrationPlanFile {
  /// Without what no result depends on.
  fileprivate var kept: RegistrationPlanFile {
    var plan = self
    plan.options.forgetExecution()
    (plan.options.isStrict, plan.options.keepWork, plan.options.overwrite) = (false, false, false)
    return plan
  }
}
