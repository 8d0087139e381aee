// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation

/// What can be done with a run that was begun, from its folder alone: look at it, run tasks of it, stop it, drop it.
public struct RunHandle: Sendable {
  /// What a run does.
  public enum Kind: Sendable {
    case registration
    /// Several images are registered to one.
    case rounds
    /// Blocks of a finished registration are registered again.
    case refinement
    /// Transforms are applied to an image.
    case application
    /// An image is segmented.
    case segmentation
    /// An image is made of another, tile by tile.
    case tileImages
    /// An image is written anew.
    case conversion
  }

  /// What it does.
  public let kind: Kind
  /// What it writes: the output folder of a registration, or an image.
  public let output: String
  private let folder: RunFolder
  private let plan: any PlanFile
  /// What had the name of the last result when the handle was made.
  private let earlierResult: Int?

  /// The run that writes an output, or the one in a run folder.
  ///
  /// - Throws: `PipelineError` where there is none.
  public init(_ path: String) throws {
    let planned = try RunFolder.planned(path)
    folder = planned.folder
    switch planned.kind {
    case ApplicationPlanFile.kindName:
      kind = .application
      plan = try folder.plan(as: ApplicationPlanFile.self, of: path)
      output = OutputRun.outputPath(of: folder.url)
    case SegmentationPlanFile.kindName:
      kind = .segmentation
      plan = try folder.plan(as: SegmentationPlanFile.self, of: path)
      output = OutputRun.outputPath(of: folder.url)
    case ConversionPlanFile.kindName:
      kind = .conversion
      plan = try folder.plan(as: ConversionPlanFile.self, of: path)
      output = OutputRun.outputPath(of: folder.url)
    case TileImagePlanFile.kindName:
      kind = .tileImages
      plan = try folder.plan(as: TileImagePlanFile.self, of: path)
      output = OutputRun.outputPath(of: folder.url)
    case RoundsPlanFile.kindName:
      kind = .rounds
      plan = try folder.plan(as: RoundsPlanFile.self, of: path)
      output = folder.url.deletingLastPathComponent().path
    case RefinementPlanFile.kindName:
      kind = .refinement
      plan = try folder.plan(as: RefinementPlanFile.self, of: path)
      output = folder.url.deletingLastPathComponent().path
    default:
      kind = .registration
      plan = try folder.plan(as: RegistrationPlanFile.self, of: path)
      output = folder.url.deletingLastPathComponent().path
    }
    earlierResult = Publication.begun(in: folder) == nil ? Publication.identity(of: Self.lastResult(kind, output)) : nil
  }

  /// The result that gets its final name after all others.
  private static func lastResult(_ kind: Kind, _ output: String) -> URL {
    let url = URL(fileURLWithPath: output)
    switch kind {
    case .registration, .refinement: return url.appendingPathComponent("run.json")
    case .rounds: return url.appendingPathComponent(RoundsRecord.fileName)
    case .application, .segmentation, .tileImages, .conversion: return url
    }
  }

  /// The plan of several rounds; `nil` for a run that is one.
  private var rounds: RoundsPlanFile? { plan as? RoundsPlanFile }

  /// Whether the run has ended since the handle was made, or before with its folder kept, and all results have their names.
  public var isFinished: Bool {
    if let rounds {
      let done = RoundsRecord(in: output)?.rounds.map(\.name)
      return done == rounds.rounds.map(\.name) && !FileManager.default.fileExists(atPath: folder.plan.path)
    }
    if Publication.kept(in: folder)?.key == plan.stages.key { return true }
    guard let result = Publication.identity(of: Self.lastResult(kind, output)) else { return false }
    return result != earlierResult
  }

  /// Whether there is a run that writes an output, or one in a run folder.
  public static func isBegun(_ path: String) -> Bool { (try? RunFolder.planned(path)) != nil }

  /// The stages of its plan, in their order; none for rounds, each of which is a run.
  public var stages: [StageOutline] { rounds == nil ? plan.stages : [] }

  /// The folder of its plan, as `weft task run` takes it.
  public var runFolder: String { folder.url.path }

  /// How far it is.
  public var status: RunStatus { rounds?.status(folder) ?? RunStatus(folder, plan.stages) }

  /// Runs one group of tasks of a stage, those of them that are still to be done.
  ///
  /// - Parameters:
  ///   - stage: the stage; all before it are done.
  ///   - list: a file of task groups, as `round0.json`; `nil` for all tasks of the stage.
  ///   - group: which group of the list; `nil` without one.
  ///   - part: a share of all tasks of the stage; `nil` for all of them, or those of the group.
  ///   - beginFor: after how many seconds no further task is begun; `nil` for never.
  /// - Throws: errors of the tasks; `RunError` or `PipelineError` where stage, list or group do not exist, or an earlier stage is not done.
  public func run(
    stage name: String, list: String?, group: Int?, part: TaskPart? = nil, threads: Int? = nil, beginFor: Double? = nil,
    progress: any ProgressReporter = SilentProgress()
  ) async throws {
    let deadline = beginFor.map { ContinuousClock.now + .seconds($0) }
    guard (list == nil) == (group == nil) else {
      throw RunError(
        "a list of task groups and the number of one of them belong together", hint: "give both --list and --group, or neither")
    }
    let groups = try list.map { try TaskGroups.read(URL(fileURLWithPath: $0)) }
    // Whoever waits for the group sees that it came to its end.
    defer { if let groups, let group { folder.markEnd(of: name, round: groups.round, group: group) } }
    try await WorkerRegister.run(progress) {
      try await runTasks(
        ofStage: name, list: list, groups, group: group, part: part, threads: threads, deadline: deadline, progress: progress)
    }
  }

  private func runTasks(
    ofStage name: String, list: String?, _ groups: TaskGroups?, group: Int?, part: TaskPart?, threads: Int?,
    deadline: ContinuousClock.Instant?, progress: any ProgressReporter
  ) async throws {
    guard Publication.begun(in: folder) == nil else {
      throw RunError(
        "the run in \(folder.url.path) is done: its results are being given their names", hint: "`weft resume \(output)` ends it")
    }
    let (run, retries) = try plan.run(in: folder, threads: threads, progress: progress)
    guard run.outlines == plan.stages else {
      throw PipelineError(
        "the inputs of the run in \(folder.url.path) are not what they were when it was planned",
        hint: "give the command that began it again")
    }
    try folder.prepareWhereMissing(run)
    let lock = try folder.workerLock()
    defer { withExtendedLifetime(lock) {} }
    let journal = Journal(folder, run.outlines)
    for earlier in run.outlines.prefix(while: { $0.name != name }) where run.outlines.contains(where: { $0.name == name }) {
      let left = try journal.unrecorded(of: run.stage(earlier.name, journal: journal))
      guard left == 0 else {
        throw RunError("the stage `\(earlier.name)` comes before `\(name)`, and \(left) of its tasks are not done", hint: "run it first")
      }
    }
    let stage = try run.stage(name, journal: journal)
    var tasks = journal.missing(of: stage)
    var round = 0
    if let list, let groups, let group {
      guard groups.groups.indices.contains(group) else {
        throw RunError("\(list) has no group \(group): it has \(groups.groups.count), counted from 0", hint: "choose one of the list")
      }
      let wanted = Set(groups.groups[group])
      let strangers = wanted.subtracting(stage.tasks.filter { wanted.contains($0) }).sorted()
      guard strangers.isEmpty else {
        throw RunError(
          "\(list), group \(group): the stage `\(name)` has no task \(strangers[0])",
          hint: "it has \(stage.tasks.count) tasks, counted from 0; a list is made for one run")
      }
      // What stands in for a task does not keep it from being tried again where a list names it.
      let standIns = journal.entries(of: name).filter { $0.value.outcome.isStandIn == true }.keys
      tasks = Set(tasks).union(standIns).intersection(wanted).sorted()
      round = groups.round
    }
    if let part {
      let wanted = Set(part.tasks(of: stage.tasks.numbers))
      tasks = tasks.filter(wanted.contains)
    }
    var runner = TaskRunner(folder: folder, stage: stage, key: run.outlines.key(of: name), retries: retries, progress: progress)
    (runner.round, runner.group, runner.deadline) = (round, group ?? 0, deadline)
    do { try await runner.run(tasks) } catch let damage as DamagedOutput where folder.holds(damage.path) {
      // Its own stage makes it again: what is missing is seen by whoever drives the run.
      try? FileManager.default.removeItem(atPath: damage.path)
      throw damage
    }
  }

  /// Asks the process that is at work to stop, and its jobs; what is done is kept.
  ///
  /// - Returns: whether one was at work on this machine.
  /// - Throws: `RunError` where it runs on another machine, may not be stopped, or is still at work after ten seconds.
  public func stop() throws -> Bool {
    let record = JobRecord(folder)
    guard let holder = RunLock.holder(of: folder) else {
      if let rounds { return try rounds.begun(in: URL(fileURLWithPath: output)).map { try $0.stop() }.contains(true) }
      return try stopJobs(of: record)
    }
    guard holder.host == ProcessInfo.processInfo.hostName else {
      // Whoever drives jobs looks at the folder now and then; a job that goes on with the run is at work for a moment.
      _ = try stopJobs(of: record)
      for _ in 0..<(record.isOfCluster ? 900 : 0) {
        if RunLock.holder(of: folder) == nil { return true }
        Thread.sleep(forTimeInterval: 0.1)
      }
      try? FileManager.default.removeItem(at: folder.cancelled)
      throw RunError("the run is at work on \(holder.host), process \(holder.process)", hint: "stop it there")
    }
    guard kill(holder.process, SIGTERM) == 0 else {
      throw RunError("process \(holder.process) cannot be stopped", hint: "only its owner may do that")
    }
    for _ in 0..<200 {
      if RunLock.holder(of: folder) == nil { return true }
      Thread.sleep(forTimeInterval: 0.05)
    }
    throw RunError("process \(holder.process) was asked to stop, and is still at work", hint: "wait for it, or end it with `kill -9`")
  }

  /// Ends the jobs of a cluster that are at work.
  private func stopJobs(of record: JobRecord) throws -> Bool {
    // For whoever hands over more at this moment.
    if record.isOfCluster { try Data().write(to: folder.cancelled) }
    guard try record.cancel() else { return false }
    for _ in 0..<10 {
      Thread.sleep(forTimeInterval: 2)
      if try record.live().isEmpty { return true }
    }
    let left = try record.live().keys.sorted().joined(separator: ", ")
    throw RunError("jobs \(left) were cancelled, and are still at work", hint: "wait for them")
  }

  /// Removes what the run did so far; results in the output folder stay, and those that were on their way there arrive.
  ///
  /// - Returns: whether results arrived: all of them were on their way.
  /// - Throws: `RunError` where a process is at work in it, or it cannot be removed.
  @discardableResult
  public func clean() throws -> Bool {
    let lock = try RunLock(folder)
    defer { withExtendedLifetime(lock) {} }
    try rounds?.clean(in: URL(fileURLWithPath: output))
    let publication = Publication.begun(in: folder)
    try publication?.finish(in: folder, to: folder.url.deletingLastPathComponent())
    try folder.remove()
    if kind == .registration || kind == .rounds, ((try? FileManager.default.contentsOfDirectory(atPath: output)) ?? ["?"]).isEmpty {
      try FileManager.default.removeItem(atPath: output)
    }
    return publication != nil
  }
}
