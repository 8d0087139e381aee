// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Where the tasks of a run are run. No result depends on it.
public struct ExecutorOptions: Sendable, Hashable, Codable {
  /// What runs tasks.
  public enum Engine: String, Sendable, CaseIterable, Codable {
    /// This process.
    case local
    /// Array jobs of Slurm.
    case slurm
    /// The workers of a Dask scheduler.
    case dask
  }

  /// What runs tasks.
  public var engine = Engine.local
  /// How many jobs are at work at once; `nil` for as many as the cluster runs.
  public var jobs: Int?
  /// How many tasks a job runs one after the other; `nil` for so many as take about ten minutes, by the time that the first ones took.
  public var tasksPerJob: Int?
  /// How often tasks that a job left undone are given to another one.
  public var maxRounds = 3
  /// How long files of other machines may take to be seen, in seconds; `nil` for 60 on a network's file system, else 0.
  public var latencyWait: Double?
  /// How long to wait between two questions to the scheduler, in seconds.
  public var poll = 15.0
  /// Whether the run goes on in jobs alone, without this process.
  public var isDetached = false
  /// Whether the run is only planned: something else runs its tasks.
  public var isPlanOnly = false
  /// The command that runs `weft` where jobs run, as words; `nil` for this program under its own path.
  public var workerCommand: [String]?
  /// What is asked of Slurm.
  public var slurm = SlurmOptions()
  /// Where Dask is found.
  public var dask = DaskOptions()

  /// The words that run `weft` where jobs run.
  package var worker: [String] { workerCommand ?? [Self.ownPath] }

  /// The path of this program.
  public static var ownPath: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
  }

  /// What a process of a run may take where nobody says so; `nil` for what this machine has.
  package var usualMemory: MemoryBudget? {
    switch engine {
    case .local: nil
    case .slurm: slurm.request.memory.map(BatchExecutor.budget(ofJob:)) ?? MemoryBudget(bytes: 8_000_000_000)
    case .dask: MemoryBudget(bytes: 8_000_000_000)
    }
  }

  /// Threads of a process of a run where nobody says so; `nil` for what this machine has.
  package var usualThreads: Int? { engine == .local ? nil : slurm.request.cpus ?? SlurmScript.usualProcessors }

  /// The defaults: this process.
  public init() {}
}
