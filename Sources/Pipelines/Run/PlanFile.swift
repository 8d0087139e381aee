// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// `plan.json`: all that a worker needs to run any task of a run.
protocol PlanFile: Codable, Sendable {
  /// What is planned, as the file says it.
  static var kindName: String { get }
  var kind: String { get }
  var stages: [StageOutline] { get }

  /// The run, and how often its tasks are tried again.
  ///
  /// - Throws: where the inputs cannot be opened.
  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int)
}

/// What is planned, as any plan says it.
private struct PlanKind: Decodable {
  var kind: String

  /// The command that a plan is of, where that is another one that Weft knows.
  static func other(than own: String, in data: Data) -> String? {
    let verbs = [
      RegistrationPlanFile.kindName, ApplicationPlanFile.kindName, ConversionPlanFile.kindName, SegmentationPlanFile.kindName,
      TileImagePlanFile.kindName, RefinementPlanFile.kindName,
    ]
    guard let kind = (try? RunFolder.decoder.decode(Self.self, from: data))?.kind, kind != own else { return nil }
    if kind == RoundsPlanFile.kindName { return "`weft \(RegistrationPlanFile.kindName)` with several rounds" }
    return verbs.contains(kind) ? "`weft \(kind)`" : nil
  }
}

extension PlanFile {
  /// Reads the plan of a run folder; `nil` where there is none.
  ///
  /// - Throws: where it is damaged, of another version, or plans something else.
  static func read(_ folder: RunFolder) throws -> Self? {
    guard let data = try? Data(contentsOf: folder.plan) else { return nil }
    guard let plan = try? RunFolder.decoder.decode(Self.self, from: data), plan.kind == kindName else {
      if let kind = PlanKind.other(than: kindName, in: data) {
        let output = OutputRun.outputPath(of: folder.url)
        throw PipelineError(
          "a run of \(kind) was begun for \(output)",
          hint: "`weft resume \(output)` goes on with it, `weft cancel \(output) --clean` or --overwrite drops it; or choose another output"
        )
      }
      throw PipelineError(
        "\(folder.plan.path) is no plan that Weft \(WeftVersion.current) understands",
        hint: "remove \(folder.url.path), or give --overwrite, and begin again")
    }
    return plan
  }

  /// The plan of an earlier run into the same output, where this one can go on with it; what cannot be gone on with is dropped.
  ///
  /// - Parameters:
  ///   - output: what the run writes, as the user names it.
  ///   - overwrite: whether a plan that is damaged or began with another input may be dropped.
  ///   - difference: what an earlier plan began with that is different now, in words; `nil` where nothing is.
  /// - Throws: `PipelineError` where there is something that may not be dropped; `RunError` where other processes are at work on it.
  static func adopted(
    from folder: RunFolder, output: String, overwrite: Bool, progress: any ProgressReporter, difference: (Self) -> String?
  ) throws -> Self? {
    var dropped: String?
    do {
      if let earlier = try read(folder) {
        guard let change = difference(earlier) else { return earlier }
        guard overwrite else {
          throw PipelineError(
            "the run that was begun for \(output) had another input: \(change)",
            hint:
              "give the command with --overwrite to begin again, `weft cancel \(output) --clean` to drop what is done, or another --output"
          )
        }
        dropped = "what was begun with another input is dropped (\(change))"
      }
    } catch let error as PipelineError where overwrite { dropped = error.message }
    if let dropped { progress.report(.note(dropped)) }
    try folder.clear()
    return nil
  }

  func write(to folder: RunFolder) throws {
    let encoder = RunFolder.encoder
    encoder.outputFormatting.insert(.prettyPrinted)
    try encoder.encode(self).write(to: folder.plan, options: .atomic)
  }
}

extension RunFolder {
  /// The run of an output, named by the output or by the run folder itself.
  ///
  /// - Throws: `PipelineError` where there is none.
  static func planned(_ path: String) throws -> (folder: RunFolder, kind: String) {
    struct Kind: Decodable { var kind: String }
    guard !path.isEmpty else { throw PipelineError("no output is named", hint: "name the --output of a run") }
    let url = URL(fileURLWithPath: path).standardizedFileURL
    for candidate in [url.appendingPathComponent(OutputFolder.workName), OutputRun.workFolder(of: path), url] {
      let folder = RunFolder(candidate)
      guard let data = try? Data(contentsOf: folder.plan) else { continue }
      return (folder, (try? decoder.decode(Kind.self, from: data))?.kind ?? "")
    }
    throw noRun(path)
  }

  private static func noRun(_ path: String) -> PipelineError {
    PipelineError(
      "\(path) holds no run: there is no plan.json in \(OutputFolder.workName) inside it, or in "
        + "\(OutputRun.workFolder(of: path).lastPathComponent) beside it",
      hint: "name the --output of a run that was begun; a finished run has none left, unless it is a registration with --keep-work")
  }

  /// The run of an output and its plan.
  ///
  /// - Throws: `PipelineError` where there is none, or it is another kind of run.
  static func planned<Plan: PlanFile>(_ path: String, as type: Plan.Type) throws -> (folder: RunFolder, plan: Plan) {
    let folder = try planned(path).folder
    return (folder, try folder.plan(as: Plan.self, of: path))
  }

  /// The plan of this run, which `path` names.
  ///
  /// - Throws: `PipelineError` where there is none any more, since the run ended, or it is another kind of run.
  func plan<Plan: PlanFile>(as type: Plan.Type, of path: String) throws -> Plan {
    guard let plan = try Plan.read(self) else { throw Self.noRun(path) }
    return plan
  }
}

extension [StageOutline] {
  /// What to say where a stage has a name that none has.
  func unknown(_ name: String) -> PipelineError {
    PipelineError("there is no stage `\(name)`", hint: "the stages of this run are \(map(\.name).joined(separator: ", "))")
  }
}

extension ProgressReporter {
  /// Tells which stages are done again, and why.
  func report(staleStages: [(stage: String, changes: [String])]) {
    guard let first = staleStages.first else { return }
    report(
      .note(
        "other parameters than before (\(first.changes.joined(separator: "; "))): done again are "
          + staleStages.map(\.stage).joined(separator: ", ")))
  }
}

extension Journal {
  /// Says what failed, how far the run is, and how to go on.
  func report(to progress: any ProgressReporter, goOn: String) {
    let failures = outlines.flatMap { self.failures(of: $0.name) }
    for failure in failures.prefix(10) { progress.report(.warning(failure.text)) }
    if failures.count > 10 { progress.report(.warning("\(failures.count - 10) more tasks failed: `weft status` tells of them")) }
    guard let stage = outlines.last(where: { !entries(of: $0.name).isEmpty }) else { return }
    let done = entries(of: stage.name).count
    progress.report(.note("what is done is kept (\(done)\(stage.tasks.map { " of \($0)" } ?? "") tasks of \(stage.name)): \(goOn)"))
  }
}
