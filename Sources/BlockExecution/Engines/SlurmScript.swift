// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The script of a job of Slurm, as `sbatch` takes it.
package struct SlurmScript {
  package var options: ExecutorOptions
  /// Threads that the run was told to use.
  package var threads: Int?
  /// The largest number of processors that a node has, where known.
  package var mostProcessors: Int?

  package init(options: ExecutorOptions, threads: Int? = nil, mostProcessors: Int? = nil) {
    self.options = options
    self.threads = threads
    self.mostProcessors = mostProcessors
  }

  /// Threads of a job where nobody says how many.
  static let usualProcessors = 4
  /// How long before the end of its time a job is told, in seconds.
  static let warning = 30

  /// The script of an array job over groups of tasks.
  ///
  /// - Parameter batch: its groups.
  package func text(of batch: JobBatch, in folder: RunFolder) -> String {
    let request = options.slurm.request(for: batch.stage)
    var lines = directives(name: batch.name, request, memory: batch.memory, usesGPU: batch.usesGPU)
    let throttle = options.jobs.map { "%\($0)" } ?? ""
    lines.append("#SBATCH --array=0-\(batch.groups.count - 1)\(throttle)")
    // Slurm tells a job's own process only.
    lines.append("#SBATCH --signal=B:USR1@\(Self.warning)")
    var words = options.worker + ["task", "run", "--run-dir", folder.url.path, "--stage", batch.stage, "--list", batch.list.path]
    if let seconds = batch.beginFor { words += ["--begin-for", "\(seconds)"] }
    let call =
      words.map(ShellWord.quoted).joined(separator: " ")
      + " --group $((\(batch.groups.lowerBound) + SLURM_ARRAY_TASK_ID)) --threads $SLURM_CPUS_PER_TASK --quiet"
    return text(lines, "exec " + call)
  }

  /// The script of a job that goes on with a run when others have ended.
  package func continuation(of output: String, named name: String, memory: Int) -> String {
    let lines = directives(name: name, options.slurm.request(for: "continue"), memory: memory, usesGPU: false)
    let words = options.worker + ["resume", output, "--quiet"]
    return text(lines, "export \(BatchExecutor.continuationVariable)=1\nexec " + words.map(ShellWord.quoted).joined(separator: " "))
  }

  /// An environment without what would take the place of the options of a script: https://slurm.schedmd.com/sbatch.html#SECTION_INPUT-ENVIRONMENT-VARIABLES
  package static func environment(_ all: [String: String], of script: String) -> [String: String] {
    let others = [
      "time": ["TIMELIMIT"], "mem": ["MEM_PER_NODE", "MEM_PER_CPU", "MEM_PER_GPU"], "array": ["ARRAY_INX"],
      "no-requeue": ["REQUEUE", "NO_REQUEUE"],
    ]
    let options = script.split(separator: "\n").filter { $0.hasPrefix("#SBATCH --") }.map { line in
      String(line.dropFirst(10).prefix { $0 != "=" && $0 != " " })
    }
    let dropped = Set(
      (options + ["output", "dependency"]).flatMap { others[$0] ?? [$0.uppercased().replacingOccurrences(of: "-", with: "_")] })
    return all.filter { name, _ in !name.hasPrefix("SBATCH_") || !dropped.contains(String(name.dropFirst(7))) }
  }

  private func text(_ directives: [String], _ call: String) -> String {
    (["#!/bin/bash"] + directives + options.slurm.setup + [call]).joined(separator: "\n") + "\n"
  }

  private func directives(name: String, _ request: SlurmOptions.Request, memory: Int, usesGPU: Bool) -> [String] {
    let slurm = options.slurm
    var lines = ["--job-name=\(name)", "--ntasks=1", "--no-requeue", "--mem=\((memory + (1 << 20) - 1) >> 20)M"]
    lines.append("--cpus-per-task=\(request.cpus ?? threads ?? min(Self.usualProcessors, mostProcessors ?? Self.usualProcessors))")
    if let gpus = request.gpus ?? (usesGPU ? 1 : nil), gpus > 0 { lines.append("--gpus=\(gpus)") }
    for (option, value) in [
      ("partition", request.partition), ("account", slurm.account), ("qos", slurm.qos), ("time", request.time),
      ("constraint", slurm.constraint),
    ] {
      if let value { lines.append("--\(option)=\(ShellWord.quoted(value))") }
    }
    return (lines + slurm.extra).map { "#SBATCH \($0)" }
  }
}
