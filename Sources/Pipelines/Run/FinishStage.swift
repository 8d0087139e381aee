// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

extension RegistrationRun {
  /// Writes metadata, tables and the record of the run.
  func finishStage(_ journal: Journal) throws -> Stage {
    let result = try result(journal)
    let target = folder.stage(StageName.finish)
    return Stage(StageName.finish, tasks: .all(1), width: 1, isExclusive: true) { [self] _ in
      // The copy that a refinement begins with has its metadata, and what others have added to them.
      if refinement == nil { try imageStages().complete() }
      try coarseFiles.check(coarseJournal(journal))
      // What was resampled before an interruption does not read the field again.
      try full.finalField()?.check()
      // A copy: the coarse stage's own files stay what its ledger says.
      let transforms = target.appendingPathComponent("transforms").path
      if FileManager.default.fileExists(atPath: transforms) { try FileManager.default.removeItem(atPath: transforms) }
      try FileManager.default.linkOrCopyFolder(coarseFiles.transforms.path, to: transforms)
      try completeTransforms(in: URL(fileURLWithPath: transforms))
      try refinement?.checkFields(self, journal)
      if keepsBlocks { try keep(journal, at: target.appendingPathComponent(KeptRun.folderName)) }
      var files: [String: Int] = [:]
      let tables = [
        ("blocks.csv", Data(BlockTable.text(result.blocks, coarser: result.coarserLevels, rank: registration.rank).utf8)),
        ("timings.csv", Data(TimingTable.text(journal).utf8)),
        ("run.json", try RunRecord(registration, result, refinements: refinement?.records ?? []).encoded()),
      ]
      for (name, data) in tables {
        try data.write(to: target.appendingPathComponent(name), options: .atomic)
        files[name] = data.count
      }
      return TaskOutcome(files: files)
    }
  }

  /// Records beside the transforms how much local field belongs to them.
  func completeTransforms(in folder: URL) throws {
    guard let field = try full.finalField() else { return }
    field.removeTemporaryFiles()
    try TransformFolder.complete(folder, with: field)
  }

  /// The result, as the files of the run tell; its paths are those in the output folder.
  func result(_ journal: Journal) throws -> RegistrationResult {
    let coarse = try coarse(journal)
    let statistics = try full.mapStatistics(journal)
    var given: BlockRegistrations?
    if case .image(_, let blocks) = part { given = blocks }
    let records = try full.judged(given?.records ?? (isFine ? full.blocks(journal).records : []), journal)
    let coarser = try given?.coarser ?? (isFine ? coarserRecords(journal) : [])
    return RegistrationResult(
      folder: "", registered: "", coarse: coarse, blocks: records, coarserLevels: coarser, map: statistics.map,
      repairedControlPoints: statistics.repaired)
  }

  /// The result where its files have their final names in an output folder.
  func publishedResult(in output: URL) throws -> RegistrationResult {
    var result = try result(Journal(folder, outlines))
    if let warning = result.overlapWarning { registration.progress.report(.warning(warning)) }
    (result.folder, result.keepsBlocks) = (output.path, keepsBlocks)
    result.registered = output.appendingPathComponent(imageStages().name).path
    return result
  }

  /// What is moved where when all is done: from the run folder into the output folder, in this order.
  var publication: [Publication.Move] {
    let image = imageStages()
    var moves = [
      Publication.Move(from: image.result, to: image.name),
      Publication.Move(from: "\(isRecorded ? StageName.finish : StageName.coarse)/transforms", to: "transforms"),
    ]
    if isFine {
      let repaired = FileManager.default.fileExists(atPath: full.path(StageName.repair))
      let stage = repaired ? StageName.repair : full.lastFieldStage
      moves.append(
        Publication.Move(from: "\(stage)/\(TransformFolder.fieldName)", to: "transforms/\(TransformFolder.fieldName)"))
    }
    if isRecorded {
      if keepsBlocks { moves.append(Publication.Move(from: "\(StageName.finish)/\(KeptRun.folderName)", to: KeptRun.folderName)) }
      moves += ["blocks.csv", "timings.csv", "run.json"].map { Publication.Move(from: "\(StageName.finish)/\($0)", to: $0) }
    }
    return moves
  }
}
