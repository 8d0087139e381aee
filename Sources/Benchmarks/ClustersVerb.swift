// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks clusters`
enum ClustersVerb {
  struct Arguments: Sendable {
    var tasks = 100
    var perJob = 10
    var rounds = 3
    var scheduler: String?
    var python = "python3"
  }

  static let command = Command<Arguments>(
    "clusters", "what handing tasks over to Slurm or Dask costs, beside handing over the bare commands",
    discussion: [
      "Tasks that do nothing, several a job, on the Slurm that `sbatch` finds, beside one array of the same commands "
        + "by `sbatch` alone. With --dask-scheduler each task is a group on Dask, beside as many futures that do nothing but start the same "
        + "commands. From the first command until all is done."
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--tasks", at: \.tasks, "N", "Tasks"),
          .value("--per-job", at: \.perJob, "N", "Tasks of a job; on Dask 1"),
          .value("--rounds", at: \.rounds, "N", "Rounds in which each takes its turn"),
          .parsed("--dask-scheduler", at: \.scheduler, "ADDRESS", "Dask in place of Slurm", expected: "an address") { .some($0) },
          .value("--dask-python", at: \.python, "PATH", "The Python that has distributed"),
        ])
    ],
    check: { (arguments) throws(UsageError) in
      try require(arguments.tasks, atLeast: 1, "--tasks")
      try require(arguments.perJob, atLeast: 1, "--per-job")
      try require(arguments.rounds, atLeast: 1, "--rounds")
    })

  static let verb = Verb(command) { arguments in
    var (ours, bare): ([Double], [Double]) = ([], [])
    for _ in 0..<arguments.rounds {
      try await withTemporaryFolder { folder in ours.append(try await seconds(arguments, in: folder)) }
      try await withTemporaryFolder { folder in
        let group = try commands(arguments, in: folder)
        bare.append(try arguments.scheduler == nil ? bareSlurm(arguments, group) : bareDask(arguments, group))
      }
    }
    let ratios = zip(ours, bare).map { $0 / $1 }.sorted()
    let jobs = arguments.scheduler == nil ? (arguments.tasks + arguments.perJob - 1) / arguments.perJob : arguments.tasks
    say("\(arguments.tasks) tasks that do nothing, \(jobs) jobs, \(arguments.rounds) rounds")
    say(
      "Weft \(ours.sorted()[ours.count / 2].text(2)) s, bare commands \(bare.sorted()[bare.count / 2].text(2)) s; "
        + "ratios of each round: \(ratios.map { $0.text(2) }.joined(separator: ", "))")
  }

  /// Seconds of a run whose tasks do nothing.
  private static func seconds(_ arguments: Arguments, in folder: String) async throws -> Double {
    let run = NoOperationRun(folder: RunFolder(URL(fileURLWithPath: folder)), count: arguments.tasks, fileBytes: 0)
    var options = ExecutorOptions()
    options.tasksPerJob = arguments.perJob
    options.poll = 1
    options.slurm.request.cpus = 1
    options.slurm.request.memory = MemoryBudget(bytes: 200_000_000)
    options.workerCommand = [ExecutorOptions.ownPath, "nothing"]
    options.engine = .slurm
    if let scheduler = arguments.scheduler {
      (options.engine, options.dask.scheduler, options.dask.python, options.tasksPerJob) = (.dask, scheduler, arguments.python, 1)
    }
    let start = ContinuousClock.now
    _ = try run.folder.adopt(run.outlines)
    try await Execution(output: folder, executor: options, memory: MemoryBudget(bytes: 100_000_000))
      .run(run, in: run.folder, progress: SilentProgress())
    return (ContinuousClock.now - start) / .seconds(1)
  }

  /// What runs a group of tasks, but for the number of the group.
  private static func commands(_ arguments: Arguments, in folder: String) throws -> [String] {
    let run = NoOperationRun(folder: RunFolder(URL(fileURLWithPath: folder)), count: arguments.tasks, fileBytes: 0)
    _ = try run.folder.adopt(run.outlines)
    let groups = GroupSizing.groups(Array(0..<arguments.tasks), of: arguments.scheduler == nil ? arguments.perJob : 1)
    let list = run.folder.stage("nothing").appendingPathComponent("round0.json")
    try RunFolder.encoder.encode(TaskGroups(round: 0, groups: groups)).write(to: list)
    return [ExecutorOptions.ownPath, "nothing", "--run-dir", folder, "--stage", "nothing", "--list", list.path, "--group"]
  }

  private static func bareSlurm(_ arguments: Arguments, _ group: [String]) throws -> Double {
    let jobs = (arguments.tasks + arguments.perJob - 1) / arguments.perJob
    let call = "exec " + group.map(ShellWord.quoted).joined(separator: " ") + " $SLURM_ARRAY_TASK_ID"
    let start = ContinuousClock.now
    let words = ["sbatch", "--parsable", "--array=0-\(jobs - 1)", "--mem=212M", "--cpus-per-task=1", "--output=/dev/null", "--wrap", call]
    let said = try ProgramOutput(of: words, seconds: 60)
    guard said.isGood else { throw BenchmarkError("sbatch: \(said.errors)", hint: "a Slurm has to be at hand: Tests/slurm/lab makes one") }
    let job = said.output.trimmingCharacters(in: .whitespacesAndNewlines)
    while try !ProgramOutput(of: ["squeue", "-h", "-j", job], seconds: 60).output.isEmpty { Thread.sleep(forTimeInterval: 0.1) }
    return (ContinuousClock.now - start) / .seconds(1)
  }

  private static func bareDask(_ arguments: Arguments, _ group: [String]) throws -> Double {
    let script = """
      from subprocess import run
      from sys import argv
      from distributed import Client
      scheduler, count, name, *words = argv[1:]
      with Client(scheduler) as client:
          futures = [client.submit(run, words + [str(i)], key=f"{name}-{i}", pure=False) for i in range(int(count))]
          assert all(done.returncode == 0 for done in client.gather(futures))
      """
    let start = ContinuousClock.now
    let words = [arguments.python, "-c", script, arguments.scheduler ?? "", "\(arguments.tasks)", UUID().uuidString] + group
    let said = try ProgramOutput(of: words, seconds: 600)
    guard said.isGood else { throw BenchmarkError("Dask: \(said.errors)", hint: "see that the scheduler runs, and has workers") }
    return (ContinuousClock.now - start) / .seconds(1)
  }

  /// Runs a group of `NoOperationRun` as `weft task run` runs one: what jobs of the run above do.
  static func work(_ words: [String]) async throws {
    func value(_ name: String) throws -> String {
      guard let place = words.firstIndex(of: name), place + 1 < words.count else {
        throw BenchmarkError("`nothing` lacks \(name)", hint: "it is what jobs of `weft-benchmarks clusters` run")
      }
      return words[place + 1]
    }
    let folder = RunFolder(URL(fileURLWithPath: try value("--run-dir")))
    let groups = try TaskGroups.read(URL(fileURLWithPath: try value("--list")))
    guard let group = Int(try value("--group")) else { throw BenchmarkError("--group is no number", hint: "give one") }
    let count = groups.groups.flatMap(\.self).max()! + 1
    let run = NoOperationRun(folder: folder, count: count, fileBytes: 0)
    var runner = TaskRunner(
      folder: folder, stage: run.stage("nothing", journal: Journal(folder, run.outlines)), key: run.outlines.key, retries: 0,
      progress: SilentProgress())
    (runner.round, runner.group) = (groups.round, group)
    try await runner.run(groups.groups[group])
    folder.markEnd(of: "nothing", round: groups.round, group: group)
  }
}
