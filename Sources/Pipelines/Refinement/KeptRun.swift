// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Transforms

/// What a finished registration keeps beside its transforms, so that single blocks can be registered again: `blocks/` in the output folder.
///
/// It is laid out as a run folder, with the stages that blocks depend on, and whose records the tables tell:
///
///     plan.json                       the plan, as it began
///     coarse/transforms, *-mask.zarr  the coarse result; its files are those of `transforms/`
///     fine/block-N.f32                own fields of blocks of full resolution, as they were planned
///     retry/block-N.f32               own fields of blocks that came from another attempt, or were refined
///     carry, blend, compose/field.ome.zarr   fields of full resolution before repair; chunks that the repair leaves are those of `transforms/`
///     <stage>/ledger/0.jsonl          what became of each task; without seconds and hosts
///     refinements.json                what `weft refine` did since
///
/// No result depends on threads or hosts, and so does nothing here.
struct KeptRun: Sendable {
  static let folderName = "blocks"

  /// The output folder.
  let output: URL
  let folder: RunFolder
  let plan: RegistrationPlanFile
  let journal: Journal
  let refinements: [RefinementRecord]

  static func refinements(_ folder: RunFolder) -> URL { folder.url.appendingPathComponent("refinements.json") }

  /// Opens what is kept in an output folder.
  ///
  /// - Throws: `PipelineError` where nothing is.
  init(_ output: URL) throws {
    self.output = output
    folder = RunFolder(output.appendingPathComponent(Self.folderName))
    let hint = "copy \(output.path) again from where it is whole, or register the pair again"
    let found: RegistrationPlanFile?
    do { found = try RegistrationPlanFile.read(folder) } catch {
      throw PipelineError("\(folder.plan.path) is damaged, or was not written by Weft \(WeftVersion.current)", hint: hint)
    }
    guard let plan = found else {
      let record = output.appendingPathComponent("run.json")
      let told = try? JSONDecoder().decode(Told.self, from: Data(contentsOf: record))
      guard let told, told.command == RegistrationPlanFile.kindName else {
        throw PipelineError(
          "\(record.path) tells of no `weft register`, and blocks of a registration are refined",
          hint: "name the --output of a finished one")
      }
      guard told.stages?.contains(RegistrationStage.fine.rawValue) ?? true else {
        throw PipelineError(
          "the registration in \(output.path) had no fine stage, and so has no blocks",
          hint: "register again with --stages affine,warp,fine")
      }
      throw PipelineError(
        "\(folder.url.path) is not there: \(output.path) does not hold the blocks' own fields, which refining some of them needs",
        hint: "register again into another folder; fields are kept since Weft \(WeftVersion.current), unless --drop-blocks is given")
    }
    self.plan = plan
    journal = Journal(folder, plan.stages)
    let records = Self.refinements(folder)
    guard FileManager.default.fileExists(atPath: records.path) else {
      refinements = []
      return
    }
    do { refinements = try RunFolder.decoder.decode([RefinementRecord].self, from: Data(contentsOf: records)) } catch {
      throw PipelineError("\(records.path) is damaged", hint: hint)
    }
  }

  /// Of `run.json`.
  private struct Told: Decodable {
    var command: String
    var stages: [String]?
  }

  /// A field that is kept.
  func fieldPath(_ stage: String) -> String { folder.stage(stage).appendingPathComponent(TransformFolder.fieldName).path }

  /// The whole displacement, as the output has it.
  var wholeField: String { output.appendingPathComponent("transforms/\(TransformFolder.fieldName)").path }

  /// What the repair of the field changed.
  func repair() throws -> FieldRepair? {
    try journal.entries(of: RegistrationRun.StageName.repair)[0]?.outcome.result.map {
      try RunFolder.decoder.decode(FieldRepair.self, from: Data($0.utf8))
    }
  }

  /// The registration as it was planned, but for what no result depends on.
  ///
  /// - Parameter withChunks: whether the chunk files of the inputs are compared, too: see `InputIdentity`.
  /// - Throws: `PipelineError` where an input is not what it was, or not where it was.
  func registration(_ own: RefinementOptions, withChunks: Bool, _ progress: any ProgressReporter) throws -> ChunkedRegistration {
    var options = plan.options
    (options.memory, options.threads, options.retries) = (own.memory ?? options.memory, own.threads, own.retries)
    options.executor = own.executor
    (options.isStrict, options.keepWork) = (own.isStrict, own.keepWork)
    let hint = "put it back as it was, with the times of its files (`cp -p`, `rsync -t`), or register the pair again"
    for (side, input) in [("fixed", plan.fixed), ("moving", plan.moving)] {
      let now: InputIdentity
      do { now = InputIdentity(try input.opened(), withChunks: withChunks) } catch {
        throw PipelineError(
          "the \(side) image of the registration in \(output.path) cannot be read: \(error.localizedDescription)", hint: hint)
      }
      if let difference = now.difference(from: input) {
        throw PipelineError("the \(side) image is not that of the registration in \(output.path): \(difference)", hint: hint)
      }
    }
    return try plan.registration(options, progress, isCoarseDone: true)
  }
}
