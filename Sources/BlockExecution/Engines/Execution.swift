// SPDX-License-Identifier: Apache-2.0

/// How the stages of a run are run.
package struct Execution: Sendable {
  /// What the run that others are parts of writes; `nil` outside of such.
  @TaskLocal package static var whole: String?

  /// What the run writes, as `weft resume` takes it.
  package var output: String
  /// How often a task that fails is tried again.
  package var retries: Int
  /// Where tasks are run.
  package var executor: ExecutorOptions
  /// What the tasks of a job may take together.
  package var memory: MemoryBudget
  /// Threads of a job; `nil` for what the cluster usually gives.
  package var threads: Int?
  /// Stages that use a graphics processor.
  package var stagesOfGPU: Set<String>

  package init(
    output: String, retries: Int = 2, executor: ExecutorOptions = ExecutorOptions(), memory: MemoryBudget, threads: Int? = nil,
    stagesOfGPU: Set<String> = []
  ) {
    self.output = Self.whole ?? output
    self.retries = retries
    self.executor = executor
    self.memory = memory
    self.threads = threads
    self.stagesOfGPU = stagesOfGPU
  }

  /// Runs all stages, whatever of them is still to be done.
  ///
  /// - Throws: the error of a task that kept failing; `RunError` of a cluster; `RunDetached`; `CancellationError`.
  package func run(_ run: some StagedRun, in folder: RunFolder, progress: any ProgressReporter) async throws {
    if executor.isPlanOnly { throw RunDetached(output: output, stage: "", jobs: []) }
    switch executor.engine {
    case .local: try await LocalExecutor(folder: folder, retries: retries, progress: progress).run(run)
    case .slurm:
      let engine = try SlurmEngine(folder, executor, threads: threads, progress: progress)
      try await BatchExecutor(folder: folder, execution: self, engine: engine, progress: progress).run(run)
    case .dask:
      let engine = try DaskEngine(folder, executor, progress: progress)
      try await BatchExecutor(folder: folder, execution: self, engine: engine, progress: progress).run(run)
    }
  }
}
