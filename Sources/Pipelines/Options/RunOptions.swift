// SPDX-License-Identifier: Apache-2.0

public import BlockExecution

/// What every run is told beside what it does: no result depends on it, but for tiles and blocks that a smaller memory makes smaller.
public protocol RunOptions {
  /// The most memory that a process of the run may take.
  var memory: MemoryBudget? { get set }
  /// How many threads compute in a process.
  var threads: Int? { get set }
  /// How often a task that fails is tried again.
  var retries: Int { get set }
  /// Where tasks are run.
  var executor: ExecutorOptions { get set }
}

extension RunOptions {
  /// Threads that were asked for, here or of the executor.
  var askedThreads: Int? { threads ?? executor.usualThreads }

  /// Memory that was asked for, here or of the executor.
  var askedMemory: MemoryBudget? { memory ?? executor.usualMemory }

  /// What a process of the run may take: as asked, or what its executor gives, or what this machine has.
  var budget: MemoryBudget { askedMemory ?? .available() }

  /// How many threads compute in a process of the run.
  var threadCount: Int { ThreadCount.resolved(askedThreads) }

  /// How the run's stages are run.
  ///
  /// - Parameters:
  ///   - output: what it writes, as `weft resume` takes it.
  ///   - stagesOfGPU: those that use a graphics processor.
  func execution(output: String, stagesOfGPU: Set<String> = []) -> Execution {
    Execution(
      output: output, retries: retries, executor: executor, memory: budget, threads: threads, stagesOfGPU: stagesOfGPU)
  }

  /// Without what no result depends on.
  mutating func forgetMachine() {
    memory = nil
    forgetExecution()
  }

  /// Without how the run was run; what its memory decided stays.
  mutating func forgetExecution() {
    (threads, retries, executor) = (nil, 2, ExecutorOptions())
  }
}

extension RegistrationOptions: RunOptions {}
extension RefinementOptions: RunOptions {}
extension SegmentationOptions: RunOptions {}
extension ApplyOptions: RunOptions {}
extension ConversionOptions: RunOptions {}
extension TileImageOptions: RunOptions {}
