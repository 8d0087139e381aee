// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Volumes

/// `plan.json` of several rounds: what is registered to what, and which of it an earlier start did. Each round has its own plan in its own
/// folder as soon as it is begun.
struct RoundsPlanFile: PlanFile {
  static let kindName = "register-rounds"

  struct Round: Codable {
    var name: String
    var moving: InputIdentity
    /// What was in the place of its `run.json` when it was planned; what is there later is that of the round.
    var earlier: Int?
  }

  var kind = Self.kindName
  var weft = WeftVersion.current
  var fixed: InputIdentity
  var rounds: [Round]
  var options: RegistrationOptions
  /// What the results depend on, as text.
  var settings: [String: String]

  /// Tasks are those of each round.
  var stages: [StageOutline] { [] }

  private enum CodingKeys: CodingKey { case kind, weft, fixed, rounds, options, settings }

  /// The plan of rounds of which none is done.
  init(_ registration: RoundRegistration, in output: URL) throws {
    let options = registration.options
    fixed = InputIdentity(registration.fixed, withChunks: true)
    rounds = registration.rounds.map { round in
      Round(
        name: round.name, moving: InputIdentity(round.registration.moving, withChunks: true),
        earlier: Self.record(of: round.name, in: output))
    }
    self.options = options
    settings = try Self.settings(options)
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    let output = folder.url.deletingLastPathComponent().path
    throw PipelineError(
      "the run in \(folder.url.path) is that of rounds, each of which has tasks of its own",
      hint: "name that of one, as \(output)/\(rounds[0].name)/\(OutputFolder.workName)")
  }

  /// What differs from an earlier plan's inputs, in words; `nil` where nothing does.
  func difference(from earlier: RoundsPlanFile) -> String? {
    if let difference = fixed.difference(from: earlier.fixed) { return difference }
    if rounds.count != earlier.rounds.count { return "it had \(earlier.rounds.count) rounds, and has \(rounds.count)" }
    return zip(rounds, earlier.rounds).lazy.compactMap { $0.moving.difference(from: $1.moving) }.first
  }

  /// Which settings differ from those of an earlier plan, as `name: old → new`.
  func changes(from earlier: RoundsPlanFile) -> [String] {
    Set(settings.keys).union(earlier.settings.keys).filter { settings[$0] != earlier.settings[$0] }.sorted()
      .map { "\($0): \(earlier.settings[$0] ?? "none") → \(settings[$0] ?? "none")" }
  }

  /// Whether a round is registered.
  func isDone(_ round: Round, in output: URL) -> Bool {
    guard let record = Self.record(of: round.name, in: output), record != round.earlier else { return false }
    // Its results may be just getting their names.
    guard let run = try? RunHandle(output.appendingPathComponent(round.name).path), run.kind == .registration else { return true }
    return run.isFinished
  }

  /// How far all of it is.
  func status(_ folder: RunFolder) -> RunStatus {
    let output = folder.url.deletingLastPathComponent()
    var status = RunStatus(folder, [])
    var told: [RunStatus.Round] = []
    for round in rounds {
      let path = output.appendingPathComponent(round.name).path
      if isDone(round, in: output) {
        told.append(.init(name: round.name, state: .done))
      } else if let run = try? RunHandle(path), run.kind == .registration {
        told.append(.init(name: round.name, state: .begun))
        // Of those that failed on the way, the last one tells.
        let own = run.status
        status.stages = own.stages
        if let jobs = own.jobs { (status.jobs, status.isRunning) = (jobs, true) }
      } else {
        told.append(.init(name: round.name, state: .waiting))
      }
    }
    status.rounds = told
    return status
  }

  /// The runs of rounds that are begun and not done.
  func begun(in output: URL) -> [RunHandle] {
    rounds.filter { !isDone($0, in: output) }.compactMap { try? RunHandle(output.appendingPathComponent($0.name).path) }
      .filter { $0.kind == .registration }
  }

  /// Drops what the rounds that are not done did so far.
  ///
  /// - Throws: `RunError` where a process is at work on one.
  func clean(in output: URL) throws {
    for run in begun(in: output) { try run.clean() }
    try writeRecord(in: output)
  }

  /// Writes `rounds.json` of the rounds that are done, where there are some.
  func writeRecord(in output: URL) throws {
    let done = rounds.filter { isDone($0, in: output) }.map(\.name)
    if !done.isEmpty { try RoundsRecord(of: done, options.format, in: output).write(in: output) }
  }

  private static func record(of name: String, in output: URL) -> Int? {
    Publication.identity(of: output.appendingPathComponent(name).appendingPathComponent("run.json"))
  }

  /// The options that results depend on, and the identity of the mask that is read.
  private static func settings(_ options: RegistrationOptions) throws -> [String: String] {
    var told = options
    let defaults = RegistrationOptions()
    told.forgetMachine()
    (told.isStrict, told.keepWork, told.overwrite) = (defaults.isStrict, defaults.keepWork, defaults.overwrite)
    let members = try JSON.parse(Array(RunFolder.encoder.encode(told)), file: "the options").members ?? [:]
    var settings = try members.mapValues { String(decoding: try RunFolder.encoder.encode($0), as: UTF8.self) }
    if let mask = options.fixedMask, mask != "auto" { settings["fixedMask"] = InputIdentity(try StoredImage.open(mask)).text }
    return settings
  }
}
