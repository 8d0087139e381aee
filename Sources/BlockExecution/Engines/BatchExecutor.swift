// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Runs the stages of a run as jobs of a cluster: each stage in rounds of groups of tasks, each round made of what is missing by then.
///
/// All state is in the files of the run. Whoever takes over, another process or a job that goes on by itself, sees what is done, and which
/// jobs are still at work.
package struct BatchExecutor: Sendable {
  /// Set in jobs that go on with a run.
  package static let continuationVariable = "WEFT_CONTINUATION"
  /// Of the memory of a job, what the tasks may take: the rest is for what the system counts besides.
  private static let share = 0.9
  /// How much more memory is asked for where there was too little.
  private static let growth = 1.5

  private let folder: RunFolder
  private let execution: Execution
  private let engine: any JobEngine
  private let progress: any ProgressReporter
  private let record: JobRecord
  /// Part of the names of this driver's jobs: an earlier one may have had the same stage and round.
  private let token = String(UUID().uuidString.prefix(6).lowercased())
  private var options: ExecutorOptions { execution.executor }

  package init(folder: RunFolder, execution: Execution, engine: any JobEngine, progress: any ProgressReporter) {
    self.folder = folder
    self.execution = execution
    self.engine = engine
    self.progress = progress
    record = JobRecord(folder)
  }

  /// Bytes of a job whose tasks may take `budget`.
  static func memory(for budget: MemoryBudget) -> Int { Int(Double(budget.bytes) / share) }

  /// What tasks may take in a job of so many bytes.
  package static func budget(ofJob memory: MemoryBudget) -> MemoryBudget { MemoryBudget(bytes: Int(Double(memory.bytes) * share)) }

  /// Tasks of a stage that are to be handed over.
  private struct Work {
    var stage: Stage
    var key: String
    var tasks: [Int]
    /// Tasks of the stage that were done before.
    var done: Int
    /// How those ended.
    var states: [String: Int]
    /// Seconds that a task took of a job's time; `nil` where none is done.
    var seconds: Double?
  }

  /// Runs all stages.
  ///
  /// - Throws: `RunError` where tasks keep failing or the cluster refuses them; `RunDetached` where the run goes on by itself;
  ///   `CancellationError`, after the jobs were cancelled.
  package func run(_ run: some StagedRun) async throws {
    // Commands of the scheduler are waited for, which is nothing for the cooperative pool.
    try await withTaskExecutorPreference(KernelExecutor.shared) {
      if ProcessInfo.processInfo.environment[Self.continuationVariable] == nil {
        try? FileManager.default.removeItem(at: folder.cancelled)
        try record.append(JobRecord.Line())
      }
      try checkNames(run.outlines.map(\.name))
      try checkCancellation()
      try findTheLost()
      try await dropStrangers(run.outlines)
      try await stages(of: run)
    }
  }

  /// - Throws: `RunError` where a request is for a stage that there is not.
  private func checkNames(_ stages: [String]) throws {
    guard let unknown = options.slurm.stages.keys.sorted().first(where: { !stages.contains($0) && $0 != "continue" }) else { return }
    throw RunError("--slurm-stage \(unknown): the run has no such stage", hint: "it has \(stages.joined(separator: ", "))")
  }

  private func stages(of run: some StagedRun) async throws {
    let journal = Journal(folder, run.outlines)
    var index = 0
    var triedAgain: Set<Int> = []
    while index < run.outlines.count {
      let name = run.outlines[index].name
      let stage = try run.stage(name, journal: journal)
      let mayRepeat = triedAgain.insert(index).inserted && run.outlines[(index + 1)...].allSatisfy { journal.entries(of: $0.name).isEmpty }
      let work = work(of: stage, key: run.outlines.key(of: name), journal, withStandIns: mayRepeat)
      if work.tasks.isEmpty {
        index += 1
        continue
      }
      if work.done > 0 { progress.report(.note("\(name): \(work.done) of \(stage.tasks.count) tasks were done before")) }
      try await finish(work, of: run, journal)
      // What a task found to be damaged is missing from an earlier stage now.
      index = journal.missing(of: stage).isEmpty ? index + 1 : 0
    }
  }

  private func work(of stage: Stage, key: String, _ journal: Journal, withStandIns: Bool) -> Work {
    let entries = journal.entries(of: stage.name)
    var missing = Set(journal.missing(of: stage, entries))
    if withStandIns { missing.formUnion(entries.filter { $0.value.outcome.isStandIn == true }.keys) }
    var states: [String: Int] = [:]
    for (task, entry) in entries where !missing.contains(task) { states[entry.outcome.state ?? "done", default: 0] += 1 }
    let seconds = entries.isEmpty ? nil : entries.values.map(\.seconds).reduce(0, +) / Double(entries.count) / Double(stage.width)
    return Work(
      stage: stage, key: key, tasks: missing.sorted(), done: stage.tasks.count - missing.count, states: states, seconds: seconds)
  }

  /// Hands tasks of a stage over until none is missing, or until one of an earlier stage is.
  private func finish(_ work: Work, of run: some StagedRun, _ journal: Journal) async throws {
    var work = work
    let name = work.stage.name
    progress.report(.started(stage: name, tasks: work.stage.tasks.count))
    while !work.tasks.isEmpty {
      try checkCancellation()
      var batches = try await liveBatches(of: name, key: work.key)
      if batches.isEmpty {
        try checkHope(work, journal)
        batches = try await submit(work)
      }
      let jobs = batches.compactMap(\.job)
      if options.isDetached { try await detach(name, jobs) }
      try await wait(for: batches, work, journal)
      let done = work.done
      work = self.work(of: work.stage, key: work.key, journal, withStandIns: false)
      if !work.tasks.isEmpty {
        progress.report(.advanced(stage: name, done: work.done, tasks: work.stage.tasks.count))
        if work.done == done, try isBroken(before: name, run, journal) { return }
      }
    }
    progress.report(.finished(stage: name))
  }

  /// Whether something of an earlier stage is missing.
  private func isBroken(before name: String, _ run: some StagedRun, _ journal: Journal) throws -> Bool {
    try run.outlines.prefix { $0.name != name }.contains { try !journal.missing(of: run.stage($0.name, journal: journal)).isEmpty }
  }

  /// - Throws: `CancellationError` where the run was stopped, here or from elsewhere.
  private func checkCancellation() throws {
    try Task.checkCancellation()
    if FileManager.default.fileExists(atPath: folder.cancelled.path) { throw CancellationError() }
  }

  /// Notes the numbers of jobs whose driver ended while it handed them over.
  private func findTheLost() throws {
    for var line in record.lines where line.engine == engine.name && line.job == nil {
      line.job = line.name.flatMap(engine.job(named:))
      if line.job != nil { try record.append(line) }
    }
  }

  /// How far jobs are. An engine that does not answer is asked again until it does.
  private func states(of jobs: [String]) async throws -> [String: JobState] {
    var isSilent = false
    while true {
      do { return try engine.states(of: jobs) } catch {
        if engine.isGone { throw error }
        if !isSilent { progress.report(.warning("\(error.localizedDescription); asked again until it does")) }
        isSilent = true
      }
      try await Task.sleep(for: .seconds(engine.poll))
      try checkCancellation()
    }
  }

  /// - Throws: `RunError` where another round would not help: the last ones, since something was done the last time, were as many as may be.
  private func checkHope(_ work: Work, _ journal: Journal) throws {
    let name = work.stage.name
    let failures = journal.failures(of: name).filter { work.tasks.contains($0.task) }
    let own = record.present.filter { $0.stage == name && $0.key == work.key && $0.job != nil }
    let rounds = Set(own.compactMap(\.round)).sorted()
    // Of each round what was missing before it and after it. A probe that did something is not meant to do all.
    let missing = rounds.map { round in own.last { $0.round == round }?.missing ?? 0 } + [work.tasks.count]
    var tries = 0
    for (number, round) in rounds.enumerated().reversed() {
      let hasDone = missing[number + 1] < missing[number]
      if !hasDone || own.last(where: { $0.round == round })?.isProbe != true { tries += 1 }
      if hasDone { break }
    }
    let isFinal = !record.present.filter { $0.stage == name }.isEmpty && failures.contains { $0.isFinal == true }
    guard isFinal || tries > options.maxRounds else { return }
    let shown = work.tasks.prefix(10).map(String.init).joined(separator: ", ") + (work.tasks.count > 10 ? ", …" : "")
    let reasons = (try? engine.states(of: own.compactMap(\.job)))?.values.flatMap { state -> [String] in
      if case .ended(let counts) = state { return counts.keys.filter { $0 != "COMPLETED" } }
      return []
    }
    let how = Set(reasons ?? []).sorted().joined(separator: ", ")
    let many = "\(work.tasks.count) of the \(work.stage.tasks.count) tasks of `\(name)` are not done (\(shown))"
    if let failure = failures.first {
      throw RunError("\(failure.text); \(many)", hint: failure.hint ?? "what jobs said is in \(folder.logs.path)")
    }
    throw RunError(
      "\(many) after \(rounds.count) rounds of jobs" + (how.isEmpty ? "" : ", which ended as \(how)"),
      hint: "what they said is in \(folder.logs.path); more time (--slurm-time) or memory (--slurm-mem) may help, and the same command "
        + "goes on")
  }

  /// Hands a round over.
  private func submit(_ work: Work) async throws -> [JobRecord.Line] {
    let name = work.stage.name
    let lines = record.lines
    let round = (lines.filter { $0.stage == name }.compactMap(\.round).max() ?? -1) + 1
    let isProbe = options.tasksPerJob == nil && work.seconds == nil
    let aim = GroupSizing.aim(within: options.slurm.request(for: name).time.flatMap(SlurmTime.seconds))
    let size = options.tasksPerJob ?? GroupSizing.tasks(of: work.tasks.count, seconds: work.seconds ?? 1, aim: aim)
    let groups = isProbe ? GroupSizing.probe(work.tasks) : GroupSizing.groups(work.tasks, of: size)
    let list = folder.stage(name).appendingPathComponent("round\(round).json")
    try RunFolder.encoder.encode(TaskGroups(round: round, groups: groups)).write(to: list, options: .atomic)
    let memory = memory(of: work)
    var batches: [JobRecord.Line] = []
    var (begin, most, wait) = (0, engine.mostGroups, 2.0)
    while begin < groups.count {
      let part = begin..<min(begin + most, groups.count)
      let batch = JobBatch(
        name: batchName("\(name).r\(round)" + (part.count < groups.count ? ".\(begin)" : "")), stage: name, list: list, groups: part,
        beginFor: isProbe ? Int(GroupSizing.least) : nil, memory: memory, usesGPU: execution.stagesOfGPU.contains(name))
      let line = JobRecord.Line(
        name: batch.name, engine: engine.name, stage: name, key: work.key, round: round, groups: part.count, missing: work.tasks.count,
        memory: memory, isProbe: isProbe)
      do {
        batches.append(try await handOver(line, besides: batches.compactMap(\.job)) { try await engine.submit(batch) })
        begin = part.upperBound
      } catch let limit as JobLimit {
        // Fewer at once; the others come with the next round, when those have ended that were taken.
        if part.count > 1 {
          most = part.count / 2
        } else if !batches.isEmpty {
          break
        } else {
          guard wait < 600 else {
            throw RunError(
              "\(engine.name) takes no job: \(limit.text)",
              hint:
                "see the limits of your account, the partition and the quality of service: on jobs, and on --slurm-time, --slurm-mem and "
                + "--slurm-cpus of each")
          }
          progress.report(.note("\(engine.name) takes no job now (\(limit.text)); tried again in \(Int(wait)) s"))
          try await Task.sleep(for: .seconds(wait))
          wait *= 2
        }
      }
    }
    let jobs = batches.compactMap(\.job).joined(separator: ", ")
    progress.report(
      .note(
        "\(name): \(work.tasks.count) task\(work.tasks.count == 1 ? "" : "s") in \(groups.count) job\(groups.count == 1 ? "" : "s") of "
          + "\(engine.name) (\(jobs)), \(MemoryBudget.describe(memory)) each"
          + (begin < groups.count ? "; \(groups.count - begin) more when the cluster takes them" : "")))
    return batches
  }

  /// A name that no other job has.
  private func batchName(_ part: String) -> String { "\(record.prefix)\(token)-\(part)" }

  /// Hands a job over and notes it, before and after. Where the run is stopped meanwhile, it is cancelled with those that belong to it.
  ///
  /// - Returns: the line with the job's number.
  private func handOver(
    _ line: JobRecord.Line, besides jobs: [String], _ submit: @Sendable () async throws -> String
  ) async throws -> JobRecord.Line {
    try Task.checkCancellation()
    try record.append(line)
    var line = line
    let name = line.name ?? ""
    do {
      line.job = try await withTaskCancellationHandler(operation: submit) {
        engine.cancel(jobs)
        engine.cancel(named: name)
      }
    } catch {
      if !(error is CancellationError) {
        line.isRefused = true
        try record.append(line)
      }
      throw error
    }
    do {
      try record.append(line)
      try Task.checkCancellation()
    } catch {
      engine.cancel([line.job!])
      throw error
    }
    return line
  }

  /// Bytes for a job of a stage: more than the last time where that was not enough.
  private func memory(of work: Work) -> Int {
    let usual = options.slurm.request(for: work.stage.name).memory?.bytes ?? Self.memory(for: execution.memory)
    let own = record.present.filter { $0.stage == work.stage.name && $0.key == work.key }
    guard let last = own.compactMap(\.round).max(), let had = own.compactMap(\.memory).max() else { return usual }
    let jobs = own.filter { $0.round == last }.compactMap(\.job)
    guard engine.ranOutOfMemory(jobs) else { return max(usual, had) }
    let more = min(Int(Double(had) * Self.growth), max(had, engine.mostMemory ?? .max))
    guard more > had else { return had }
    progress.report(
      .warning("\(work.stage.name): jobs ran out of \(MemoryBudget.describe(had)); they get \(MemoryBudget.describe(more)) now"))
    return more
  }

  /// Batches of a stage that are still at work, as of a driver that ended.
  private func liveBatches(of stage: String, key: String) async throws -> [JobRecord.Line] {
    let known = record.lines.filter { $0.engine == engine.name && $0.stage == stage && $0.key == key && $0.job != nil }
    guard let last = known.compactMap(\.round).max() else { return [] }
    let latest = known.filter { $0.round == last }
    guard folder.endedGroups(of: stage, round: last) < latest.compactMap(\.groups).reduce(0, +) else { return [] }
    let states = try await states(of: latest.compactMap(\.job))
    let live = latest.filter { line in
      if case .live? = line.job.flatMap({ states[$0] }) { return true }
      return false
    }
    if !live.isEmpty {
      progress.report(.note("\(stage): jobs \(live.compactMap(\.job).joined(separator: ", ")) are still at work; they are waited for"))
    }
    return live
  }

  /// Cancels jobs of a run with other parameters.
  private func dropStrangers(_ outlines: [StageOutline]) async throws {
    let keys = Set(outlines.map { outlines.key(of: $0.name) })
    let strangers = record.lines.filter { $0.engine == engine.name && $0.key.map { !keys.contains($0) } == true }.compactMap(\.job)
    guard !strangers.isEmpty else { return }
    let live = try await states(of: strangers).filter { if case .live = $0.value { true } else { false } }.keys.sorted()
    guard !live.isEmpty else { return }
    progress.report(.note("jobs \(live.joined(separator: ", ")) of a run with other parameters are cancelled"))
    engine.cancel(live)
  }

  /// Leaves the run to its jobs.
  private func detach(_ stage: String, _ jobs: [String]) async throws {
    let line = JobRecord.Line(name: batchName("continue-\(record.lines.count)"), engine: engine.name, isContinuation: true)
    while true {
      do {
        let made = try await handOver(line, besides: jobs) {
          try await engine.submitContinuation(of: execution.output, named: line.name!, after: jobs)
        }
        throw RunDetached(output: execution.output, stage: stage, jobs: jobs + [made.job!])
      } catch let limit as JobLimit {
        // It is taken when some of the others have ended.
        progress.report(.note("\(engine.name) takes no further job now (\(limit.text)); tried again every minute"))
        try await cancellable(jobs) { try await Task.sleep(for: .seconds(60)) }
        try checkCancellation()
      }
    }
  }

  /// Waits until all tasks are done, or nothing is at work on them any more.
  private func wait(for batches: [JobRecord.Line], _ work: Work, _ journal: Journal) async throws {
    let jobs = batches.compactMap(\.job)
    let rounds = Set(batches.compactMap(\.round))
    // Of whole rounds: marks do not tell of which batch a group was.
    let groups = record.lines.filter { line in
      line.job != nil && line.stage == work.stage.name && line.key == work.key && line.round.map(rounds.contains) == true
    }.compactMap(\.groups).reduce(0, +)
    let wanted = Set(work.tasks)
    let standIns = Set(journal.entries(of: work.stage.name).filter { $0.value.outcome.isStandIn == true }.keys).intersection(wanted)
    let patience = options.latencyWait ?? (FileSystem.isShared(folder.url.path) ? 60 : 0)
    try await cancellable(jobs) {
      var ask = ContinuousClock.now + .seconds(engine.poll)
      var ended: ContinuousClock.Instant?
      var isSilent = false
      var told = -1
      var pause = 0.1
      while true {
        try await Task.sleep(for: .seconds(pause))
        let began = ContinuousClock.now
        let entries = journal.entries(of: work.stage.name)
        let done = entries.keys.count { wanted.contains($0) && !standIns.contains($0) }
        if done != told {
          told = done
          var states = work.states
          for (task, entry) in entries where wanted.contains(task) { states[entry.outcome.state ?? "done", default: 0] += 1 }
          progress.report(.advanced(stage: work.stage.name, done: work.done + done, tasks: work.stage.tasks.count))
          progress.report(.states(stage: work.stage.name, counts: states))
        }
        if done == wanted.count { return }
        if FileManager.default.fileExists(atPath: folder.cancelled.path) {
          engine.cancel(jobs)
          throw CancellationError()
        }
        if rounds.map({ folder.endedGroups(of: work.stage.name, round: $0) }).reduce(0, +) >= groups { return }
        if let ended, ContinuousClock.now - ended >= .seconds(patience) { return }
        if ended == nil, ContinuousClock.now >= ask {
          do {
            let states = try engine.states(of: jobs)
            isSilent = false
            if !states.values.contains(where: { if case .live = $0 { true } else { false } }) { ended = .now }
          } catch {
            if engine.isGone { throw error }
            if !isSilent { progress.report(.warning("\(error.localizedDescription); asked again until it does")) }
            isSilent = true
          }
          ask = .now + .seconds(engine.poll)
        }
        // Looking takes no more than a twentieth of the time, on a slow file system too.
        pause = min(30, max(min(1, pause * 1.5), 20 * ((ContinuousClock.now - began) / .seconds(1))))
      }
    }
  }

  /// Does something while jobs are at work, which are cancelled where the run is.
  private func cancellable<Result: Sendable>(_ jobs: [String], _ body: @Sendable () async throws -> Result) async throws -> Result {
    try await withTaskCancellationHandler(operation: body) { engine.cancel(jobs) }
  }
}
