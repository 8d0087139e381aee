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
  package let mostGroups: Int

  /// - Throws: `RunError` where there is no Slurm, or it does not answer.
  package init(_ folder: RunFolder, _ options: ExecutorOptions, threads: Int? = nil, progress: any ProgressReporter) throws {
    self.folder = folder
    self.options = options
    self.progress = progress
    let said = try Self.call(["scontrol", "show", "config"], "Slurm does not answer")
    let most = said.split(separator: "\n").first { $0.hasPrefix("MaxArraySize") }?.split(separator: "=").last
    // Of numbers below it: https://slurm.schedmd.com/slurm.conf.html#OPT_MaxArraySize
    mostGroups = max(1, (most.flatMap { Int($0.trimmingCharacters(in: .whitespaces)) } ?? 1001) - 1)
    let processors = (try? ProgramOutput(of: ["sinfo", "-h", "-o", "%c"], environment: Self.environment, seconds: 30))?.output
    let counts = (processors ?? "").split(whereSeparator: \.isWhitespace).compactMap { Int($0.prefix { $0.isNumber }) }
    script = SlurmScript(options: options, threads: threads, mostProcessors: counts.max())
  }

  /// Variables of a job that this process may run in say nothing of the jobs that it hands over.
  private static var environment: [String: String] {
    ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("SLURM_") || $0.key == "SLURM_CONF" }
  }

  /// What one of Slurm's commands writes.
  ///
  /// - Throws: `RunError` where it cannot be started, or fails.
  private static func call(_ arguments: [String], _ what: String) throws -> String {
    let said: ProgramOutput
    do {
      said = try ProgramOutput(of: arguments, environment: environment, seconds: 120)
    } catch {
      throw RunError(
        "\(what): \(error.localizedDescription)",
        hint: "give the command on a machine where `sbatch` works, as the cluster's login node, or --executor local")
    }
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
    var wait = 2.0
    while true {
      let said = try ProgramOutput(of: words, environment: Self.environment, seconds: 300)
      if said.isGood, let job = said.output.split(separator: ";").first.map({ $0.trimmingCharacters(in: .whitespacesAndNewlines) }),
        Int(job) != nil
      {
        return job
      }
      // It may say so, and have taken it: https://github.com/nextflow-io/nextflow/issues/970
      if let taken = Self.job(named: name) { return taken }
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

  /// Whether a refusal is one of the moment: a controller that is busy, or a limit on jobs that wait.
  package static func mayTakeLater(_ errors: String) -> Bool {
    let passing = [
      "temporarily unable", "timed out", "Unable to contact slurm controller", "Connection refused", "MaxSubmitJob", "submit limit",
      "Resource temporarily unavailable", "Zero Bytes were transmitted",
    ]
    return errors.isEmpty || passing.contains { errors.localizedCaseInsensitiveContains($0) }
  }

  /// The number of a job with a name, where Slurm knows one.
  private static func job(named name: String) -> String? {
    let said = try? ProgramOutput(of: ["squeue", "-h", "-t", "all", "-n", name, "-o", "%F"], environment: environment, seconds: 60)
    guard let said, said.isGood else { return nil }
    return said.output.split(whereSeparator: \.isWhitespace).first.map(String.init)
  }

  package func states(of jobs: [String]) throws -> [String: JobState] { try Self.states(of: jobs) }

  /// How far jobs are.
  ///
  /// - Throws: `RunError` where Slurm does not answer.
  static func states(of jobs: [String]) throws -> [String: JobState] {
    let words = ["squeue", "-h", "-t", "all", "-j", jobs.joined(separator: ","), "-o", "%F %T"]
    let said = try ProgramOutput(of: words, environment: environment, seconds: 120)
    // One number that it has forgotten is an error, several are passed over.
    guard said.isGood || said.errors.contains("Invalid job id") else { throw RunError("`squeue` does not answer: \(said.errors)") }
    return states(of: jobs, in: said.output)
  }

  /// Reads lines of `squeue -t all -o "%F %T"`.
  package static func states(of jobs: [String], in text: String) -> [String: JobState] {
    var counts: [String: [String: Int]] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(separator: " ")
      if words.count == 2 { counts[String(words[0]), default: [:]][String(words[1]), default: 0] += 1 }
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
    guard !jobs.isEmpty else { return }
    // It outlives this process, which may be about to end.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["scancel"] + jobs
    process.environment = environment
    (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, FileHandle.nullDevice)
    process.standardError = FileHandle.nullDevice
    try? process.run()
  }
}
