// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Runs groups of tasks as array jobs of Slurm, by its own commands.
///
/// Jobs are never put back into the queue by Slurm: whoever drives the run sees what is missing and hands over just that.
/// Commands: https://slurm.schedmd.com/sbatch.html, https://slurm.schedmd.com/squeue.html, https://slurm.schedmd.com/job_array.html
package struct SlurmEngine: JobEngine {
  static let engineName = "slurm"
  package var name: String { Self.engineName }
  package var poll: Double { options.poll }
  private let folder: RunFolder
  private let options: ExecutorOptions
  private let progress: any ProgressReporter
  private let script: SlurmScript
  private let prefix: String
  package let mostGroups: Int
  package let mostMemory: Int?
  package let isGone = false

  /// - Throws: `RunError` where there is no Slurm, or it does not answer.
  package init(_ folder: RunFolder, _ options: ExecutorOptions, threads: Int? = nil, progress: any ProgressReporter) throws {
    self.folder = folder
    self.options = options
    self.progress = progress
    prefix = JobRecord(folder).prefix
    let said = try Self.call(["scontrol", "show", "config"], "Slurm does not answer", progress)
    let most = said.split(separator: "\n").first { $0.hasPrefix("MaxArraySize") }?.split(separator: "=").last
    // Of numbers below it: https://slurm.schedmd.com/slurm.conf.html#OPT_MaxArraySize
    mostGroups = max(1, (most.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 1001) - 1)
    // Processors and megabytes of nodes: numbers that may end with a plus.
    let nodes = (try? ProgramOutput(of: ["sinfo", "-h", "-o", "%c %m"], environment: Self.environment, seconds: 30))?.output ?? ""
    let numbers = nodes.split(separator: "\n").map { $0.split(separator: " ").map { Int($0.prefix { $0.isNumber }) ?? 0 } }
    script = SlurmScript(options: options, threads: threads, mostProcessors: numbers.compactMap(\.first).max())
    mostMemory = numbers.compactMap { $0.count == 2 && $0[1] > 0 ? $0[1] << 20 : nil }.max()
  }

  /// Variables of a job that this process may run in say nothing of the jobs that it hands over, and those that narrow what `squeue` tells would hide
  /// jobs.
  private static var environment: [String: String] {
    ProcessInfo.processInfo.environment.filter { name, _ in
      name == "SLURM_CONF" || !(name.hasPrefix("SLURM_") || name.hasPrefix("SQUEUE_"))
    }
  }

  /// What one of Slurm's commands writes. It is given again where Slurm does not answer at the moment: for a quarter of a minute where somebody waits
  /// for it, for ten in a job that goes on with a run.
  ///
  /// - Throws: `RunError` where it cannot be started, or fails.
  private static func call(_ arguments: [String], _ what: String, _ progress: any ProgressReporter) throws -> String {
    var said: ProgramOutput
    var wait = 2.0
    let most = ProcessInfo.processInfo.environment[BatchExecutor.continuationVariable] == nil ? 8.0 : 300
    repeat {
      do {
        said = try ProgramOutput(of: arguments, environment: environment, seconds: 120)
      } catch {
        throw RunError(
          "\(what): \(error.localizedDescription)",
          hint: "give the command on a machine where `sbatch` works, as the cluster's login node, or --executor local")
      }
      if said.isGood || !mayTakeLater(said.errors) || wait > most { break }
      progress.report(.note("\(what); asked again in \(Int(wait)) s"))
      Thread.sleep(forTimeInterval: wait)
      wait *= 2
    } while true
    guard said.isGood else {
      let reason = said.errors.isEmpty ? "`\(arguments[0])` took too long" : said.errors
      throw RunError(
        "\(what): \(reason)", hint: "`\(arguments.prefix(2).joined(separator: " "))` has to work here; or give --executor local")
    }
    return said.output
  }

  package func submit(_ batch: JobBatch) async throws -> String {
    let text = script.text(of: batch, in: folder)
    return try await submit(text, named: batch.name, output: "\(batch.name).%A_%a.out", dependency: nil)
  }

  package func submitContinuation(of output: String, named name: String, after jobs: [String]) async throws -> String {
    let memory = options.slurm.request(for: "continue").memory?.bytes ?? BatchExecutor.memory(for: .init(bytes: 4_000_000_000))
    let text = script.continuation(of: output, named: name, memory: memory)
    return try await submit(text, named: name, output: "\(name).%j.out", dependency: "afterany:" + jobs.joined(separator: ":"))
  }

  private func submit(_ text: String, named name: String, output: String, dependency: String?) async throws -> String {
    let file = folder.jobs.appendingPathComponent("\(name).sbatch")
    try FileManager.default.createDirectory(at: folder.jobs, withIntermediateDirectories: true)
    try Data(text.utf8).write(to: file, options: .atomic)
    // Slurm takes `%` for the beginning of a pattern.
    let logs = folder.logs.path.replacingOccurrences(of: "%", with: "%%")
    var words = ["sbatch", "--parsable", "--output=\(logs)/\(output)"]
    if let dependency { words.append("--dependency=\(dependency)") }
    words.append(file.path)
    let environment = SlurmScript.environment(Self.environment, of: text)
    var wait = 2.0
    while true {
      let said = try ProgramOutput(of: words, environment: environment, seconds: 300)
      if said.isGood, let job = said.output.split(separator: ";").first.map({ $0.trimmingCharacters(in: .whitespacesAndNewlines) }),
        Int(job) != nil
      {
        return job
      }
      // It may say so, and have taken it: https://github.com/nextflow-io/nextflow/issues/970
      if let taken = Self.job(named: name) { return taken }
      if Self.isLimit(said.errors) { throw JobLimit(text: said.errors) }
      guard Self.mayTakeLater(said.errors), wait < 600 else {
        throw RunError(
          "Slurm refuses the job \(file.path): \(said.errors.isEmpty ? "`sbatch` took too long" : said.errors)",
          hint: "choose other --slurm options; `sbatch --test-only \(ShellWord.quoted(file.path))` tries the job")
      }
      progress.report(.note("Slurm takes no job now (\(said.errors)); tried again in \(Int(wait)) s"))
      try await Task.sleep(for: .seconds(wait))
      wait *= 2
    }
  }

  /// Whether a refusal tells of a limit on how many jobs or elements of arrays a user, an account or a partition may have.
  package static func isLimit(_ errors: String) -> Bool {
    ["MaxSubmitJob", "submit limit"].contains { errors.localizedCaseInsensitiveContains($0) }
  }

  /// Whether a refusal is one of the moment: a controller that is busy.
  package static func mayTakeLater(_ errors: String) -> Bool {
    let passing = [
      "temporarily unable", "timed out", "Unable to contact slurm controller", "Connection refused", "Resource temporarily unavailable",
      "Zero Bytes were transmitted",
    ]
    return errors.isEmpty || passing.contains { errors.localizedCaseInsensitiveContains($0) }
  }

  /// The number of a job with a name, where Slurm knows one.
  static func job(named name: String) -> String? {
    let said = try? ProgramOutput(of: ["squeue", "-h", "-t", "all", "-n", name, "-o", "%F"], environment: environment, seconds: 60)
    guard let said, said.isGood else { return nil }
    return said.output.split(whereSeparator: \.isWhitespace).first.map(String.init)
  }

  package func job(named name: String) -> String? { Self.job(named: name) }

  package func states(of jobs: [String]) throws -> [String: JobState] { try Self.states(of: jobs, prefix: prefix) }

  /// How far jobs are whose names begin with `prefix`: a number may be that of somebody else's by now.
  ///
  /// - Throws: `RunError` where Slurm does not answer.
  static func states(of jobs: [String], prefix: String) throws -> [String: JobState] {
    let words = ["squeue", "-h", "-t", "all", "-j", jobs.joined(separator: ","), "-o", "%F %T %j"]
    let said = try ProgramOutput(of: words, environment: environment, seconds: 120)
    // One number that it has forgotten is an error, several are passed over.
    guard said.isGood || said.errors.contains("Invalid job id") else { throw RunError("`squeue` does not answer: \(said.errors)") }
    return states(of: jobs, prefix: prefix, in: said.output)
  }

  /// Reads lines of `squeue -t all -o "%F %T %j"`.
  package static func states(of jobs: [String], prefix: String, in text: String) -> [String: JobState] {
    var counts: [String: [String: Int]] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 2)
      if words.count == 3, words[2].hasPrefix(prefix) { counts[String(words[0]), default: [:]][String(words[1]), default: 0] += 1 }
    }
    let ends: Set<String> = [
      "BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT",
    ]
    return Dictionary(
      uniqueKeysWithValues: Set(jobs).map { job in
        guard let found = counts[job] else { return (job, .unknown) }
        let live = found.keys.filter { !ends.contains($0) }.sorted()
        return (job, live.isEmpty ? .ended(found) : .live(live.contains("RUNNING") ? "running" : live[0].lowercased()))
      })
  }

  package func ranOutOfMemory(_ jobs: [String]) -> Bool {
    jobs.contains { job in
      let said = try? ProgramOutput(of: ["scontrol", "show", "job", "-o", job], environment: Self.environment, seconds: 60)
      return Self.toldOfMemory(said?.output ?? "")
    }
  }

  /// Whether lines of `scontrol show job -o` tell of a job that wanted more memory than it had: where nothing but `SIGKILL` is told, too.
  package static func toldOfMemory(_ text: String) -> Bool {
    text.split(separator: "\n").contains { line in
      let words = Set(line.split(separator: " ").map(String.init))
      return words.contains("JobState=OUT_OF_MEMORY") || words.contains("Reason=OutOfMemory")
        || (words.contains("JobState=FAILED") && (words.contains("ExitCode=0:9") || words.contains("ExitCode=0:125")))
    }
  }

  package func cancel(_ jobs: [String]) { Self.cancel(jobs) }

  /// Ends jobs; does not wait for it.
  static func cancel(_ jobs: [String]) {
    if !jobs.isEmpty { leave(["scancel"] + jobs) }
  }

  package func cancel(named name: String) {
    // The controller may take it after `sbatch` was ended.
    let name = ShellWord.quoted(name)
    Self.leave(["sh", "-c", "for wait in 0 3 10 30; do sleep $wait; scancel --name=\(name); done"])
  }

  /// Starts a command that outlives this process, which may be about to end.
  private static func leave(_ words: [String]) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = words
    process.environment = environment
    (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    process.standardError = FileHandle.nullDevice
    try? process.run()
  }
}
