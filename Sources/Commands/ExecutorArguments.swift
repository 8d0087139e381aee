// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Foundation
internal import Weft

/// Where tasks are run, as every verb that runs some is asked.
enum ExecutorArguments {
  static let group = OptionGroup<ExecutorOptions>(
    "Cluster",
    [
      .value(
        "--executor", at: \.engine, "NAME", "What runs the tasks: local (this process), slurm or dask",
        detail: "The result is the same, byte for byte. All machines must see the inputs and the output under the same paths. "
          + "Docs/Guides/clusters.md tells more."),
      .parsed(
        "--jobs", at: \.jobs, "N", "The most jobs at work at once", expected: positive, fallback: "as many as the cluster runs"
      ) { Values.positive($0).map(Optional.some) },
      .parsed(
        "--tasks-per-job", at: \.tasksPerJob, "N|auto", "Tasks (blocks, tiles, boxes) that a job runs one after the other",
        expected: positive + ", or auto", fallback: "auto: about ten minutes' worth, by the time that the first ones took"
      ) { $0 == "auto" ? .some(nil) : Values.positive($0).map(Optional.some) },
      .parsed(
        "--max-rounds", at: \.maxRounds, "N", "How often what jobs left undone is given to new ones", expected: "a whole number from 0"
      ) { Values.natural($0) },
      .parsed(
        "--latency-wait", at: \.latencyWait, "SECONDS", "How long files that other machines wrote may take to be seen",
        expected: "seconds from 0", fallback: "60 on a network's file system, else 0"
      ) { seconds($0, from: 0).map(Optional.some) },
      .parsed(
        "--poll", at: \.poll, "SECONDS", "Time between two questions to the scheduler; what is done is seen in files",
        expected: "seconds from 1"
      ) { seconds($0, from: 1) },
      .flag(
        "--detach", at: \.isDetached, "Hand the run over and return: it goes on in jobs alone",
        detail: "With slurm, where compute nodes may submit jobs. `weft status` tells how far it is, `weft cancel` stops it."),
      .flag(
        "--plan-only", at: \.isPlanOnly, "Plan the run and return: `weft plan export` tells the commands that do it"),
      .parsed(
        "--worker-command", at: \.workerCommand, "COMMAND", "What runs weft where jobs run, as 'apptainer exec weft.sif weft'",
        expected: "a command", fallback: "this program, under its own path"
      ) { text in
        ShellWord.words(of: text).flatMap { $0.isEmpty ? nil : .some($0) }
      },
    ])

  static let slurm = OptionGroup<ExecutorOptions>(
    "Slurm",
    [
      text("--slurm-partition", \.slurm.request.partition, "NAME", "The partition"),
      text("--slurm-account", \.slurm.account, "NAME", "The account that is charged"),
      text("--slurm-qos", \.slurm.qos, "NAME", "The quality of service"),
      .parsed(
        "--slurm-time", at: \.slurm.request.time, "TIME", "The most time a job may take, as 2:00:00", expected: timeExpected,
        fallback: siteDefault
      ) { isTime($0) ? .some($0) : nil },
      .parsed(
        "--slurm-mem", at: \.slurm.request.memory, "SIZE", "Memory of a job, as 16GB; nine tenths of it are for the tasks",
        expected: "a size as 16GB", fallback: "what --memory allows, else 9GB"
      ) { MemoryBudget($0).map(Optional.some) },
      .parsed(
        "--slurm-cpus", at: \.slurm.request.cpus, "N", "Processors of a job", expected: positive,
        fallback: "--threads, else 4 or what a node has"
      ) { Values.positive($0).map(Optional.some) },
      .parsed(
        "--slurm-gpus", at: \.slurm.request.gpus, "N", "Graphics processors of a job", expected: "a whole number from 0",
        fallback: "1 for tiles with --gpu, else none"
      ) { Values.natural($0).map(Optional.some) },
      text("--slurm-constraint", \.slurm.constraint, "FEATURES", "What nodes must have"),
      .repeated(
        "--slurm-stage", at: \.slurm.stages, "NAME:KEY=VALUE,…", "Other requests for one stage, as coarse:mem=64GB,cpus=16",
        detail: "Stages are those that `weft status` lists; keys are partition, time, mem, cpus and gpus. May be given again.",
        expected: "a stage and what it gets, as coarse:mem=64GB,cpus=16,time=2:00:00",
        combine: { $0.merging($1) { $0.overridden(by: $1) } }, parse: stage),
      .repeated("--slurm-setup", at: \.slurm.setup, "LINE", "A line of shell before the tasks, as 'module load gcc'; may be given again"),
      .repeated("--slurm-extra", at: \.slurm.extra, "OPTION", "A further option of sbatch, as --reservation=x; may be given again"),
    ])

  static let dask = OptionGroup<ExecutorOptions>(
    "Dask",
    [
      text("--dask-scheduler", \.dask.scheduler, "ADDRESS", "The scheduler, as tcp://host:8786"),
      .parsed(
        "--dask-scheduler-file", at: \.dask.schedulerFile, "FILE", "The file that the scheduler wrote", expected: "a file",
        completion: .file
      ) { .some($0) },
      .parsed(
        "--dask-resources", at: \.dask.resources, "NAME=N,…", "What of a worker's resources a job takes, as chunk=1",
        expected: "names and numbers, as chunk=1", fallback: "a thread", parse: resources),
      .value(
        "--dask-python", at: \.dask.python, "PATH", "The Python that has distributed, of the version of the scheduler", completion: .file),
    ])

  /// All of them, for arguments that hold such options.
  static func groups<Arguments>(at field: any WritableKeyPath<Arguments, ExecutorOptions> & Sendable) -> [OptionGroup<Arguments>] {
    [group, slurm, dask].map { $0.inside(field) }
  }

  /// - Throws: `UsageError` where options are given of something else than what runs the tasks.
  static func check(_ options: ExecutorOptions) throws(UsageError) {
    let engine = options.engine
    if engine != .slurm, options.slurm != SlurmOptions() {
      throw UsageError("`--slurm-…` goes with `--executor slurm`", hint: "add --executor slurm, or leave it out")
    }
    if engine != .dask, options.dask != DaskOptions() {
      throw UsageError("`--dask-…` goes with `--executor dask`", hint: "add --executor dask, or leave it out")
    }
    if engine != .slurm, options.isDetached {
      throw UsageError("`--detach` goes with `--executor slurm`", hint: "leave it out: the run lasts as long as this process")
    }
    if options.isPlanOnly, options.isDetached {
      throw UsageError("`--plan-only` and `--detach` exclude each other", hint: "give one of them")
    }
    if engine == .dask, (options.dask.scheduler == nil) == (options.dask.schedulerFile == nil) {
      throw UsageError(
        "`--executor dask` needs a scheduler", hint: "give either --dask-scheduler tcp://host:8786 or --dask-scheduler-file FILE")
    }
  }

  private static let positive = "a whole number above 0"
  private static let siteDefault = "the site's default"
  private static let timeExpected =
    "a time of two minutes or more as Slurm writes it: minutes, minutes:seconds, hours:minutes:seconds or days-hours"

  private static func text(
    _ name: String, _ field: any WritableKeyPath<ExecutorOptions, String?> & Sendable, _ valueName: String, _ summary: String
  ) -> Option<ExecutorOptions> {
    .parsed(
      name, at: field, valueName, summary, expected: "a word",
      fallback: name.hasPrefix("--slurm") ? siteDefault : nil
    ) { $0.isEmpty || $0.contains(where: \.isNewline) ? nil : .some($0) }
  }

  private static func seconds(_ text: String, from least: Double) -> Double? {
    Double(text).flatMap { $0 >= least && $0.isFinite ? $0 : nil }
  }

  /// At least two minutes, since a job is told half a minute before its end.
  private static func isTime(_ text: String) -> Bool { SlurmTime.seconds(text).map { $0 >= 120 } ?? false }

  private static func stage(_ text: String) -> [String: SlurmOptions.Request]? {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    var request = SlurmOptions.Request()
    for pair in parts[1].split(separator: ",") {
      let words = pair.split(separator: "=", maxSplits: 1).map(String.init)
      guard words.count == 2 else { return nil }
      switch words[0] {
      case "partition": request.partition = words[1]
      case "time" where isTime(words[1]): request.time = words[1]
      case "mem":
        guard let memory = MemoryBudget(words[1]) else { return nil }
        request.memory = memory
      case "cpus":
        guard let count = Values.positive(words[1]) else { return nil }
        request.cpus = count
      case "gpus":
        guard let count = Values.natural(words[1]) else { return nil }
        request.gpus = count
      default: return nil
      }
    }
    return [String(parts[0]): request]
  }

  private static func resources(_ text: String) -> [String: Double]? {
    var resources: [String: Double] = [:]
    for pair in text.split(separator: ",", omittingEmptySubsequences: false) {
      let words = pair.split(separator: "=", maxSplits: 1)
      guard words.count == 2, let amount = Double(words[1]), amount > 0, amount.isFinite else { return nil }
      resources[String(words[0])] = amount
    }
    return resources
  }
}
