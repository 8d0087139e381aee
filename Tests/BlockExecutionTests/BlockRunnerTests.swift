// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Synchronization
import Testing

struct BlockRunnerTests {
  final class Counts: Sendable {
    let state = Mutex((running: 0, most: 0, done: Set<Int>()))
  }

  @Test(arguments: [1, 2, 5]) func everyElementRunsOnceAndNeverMoreThanTheWidthAtOnce(width: Int) async throws {
    let counts = Counts()
    try await BlockRunner(width: width).run("test", over: 0..<40, count: 40) { element in
      counts.state.withLock {
        $0.running += 1
        $0.most = max($0.most, $0.running)
      }
      var sum = 0.0
      for i in 0..<20_000 { sum += Double(i).squareRoot() }
      counts.state.withLock {
        $0.running -= 1
        let inserted = $0.done.insert(element).inserted
        #expect(inserted && sum > 0)
      }
    }
    counts.state.withLock {
      #expect($0.done == Set(0..<40))
      #expect($0.most <= width)
    }
  }

  struct Failure: Error {}

  @Test func theFirstErrorStopsTheStage() async {
    let counts = Counts()
    await #expect(throws: Failure.self) {
      try await BlockRunner(width: 2).run("test", over: 0..<1000, count: 1000) { element in
        if element == 3 { throw Failure() }
        counts.state.withLock { _ = $0.done.insert(element) }
      }
    }
    counts.state.withLock { #expect($0.done.count < 1000) }
  }

  @Test func cancellationStopsTheStage() async {
    let task = Task {
      try await BlockRunner(width: 2).run("test", over: 0..., count: .max) { (_: Int) in }
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func budgetsAreReadFromText() {
    #expect(MemoryBudget("8GB")?.bytes == 8_000_000_000)
    #expect(MemoryBudget("500MB")?.bytes == 500_000_000)
    #expect(MemoryBudget("2 GiB")?.bytes == 2_147_483_648)
    #expect(MemoryBudget("1.5g")?.bytes == 1_500_000_000)
    for wrong in ["", "GB", "-1GB", "8 apples", "0"] { #expect(MemoryBudget(wrong) == nil) }
    #expect(MemoryBudget(bytes: 1_234_000_000).description == "1.2 GB")
    #expect(MemoryBudget.available().bytes > 1_000_000)
  }

  @Test func whatSlurmGivesIsNotExceeded() {
    func megabytes(_ environment: [String: String]) -> Int { MemoryBudget.available(environment: environment).bytes >> 20 }
    #expect(megabytes(["SLURM_MEM_PER_NODE": "100"]) == 80)
    #expect(megabytes(["SLURM_MEM_PER_CPU": "50", "SLURM_CPUS_ON_NODE": "4"]) == 160)
    // 0 asks for all of a node; what is no number says nothing.
    for none in ["0", "", "all", "99999999999999999999"] { #expect(megabytes(["SLURM_MEM_PER_NODE": none]) == megabytes([:])) }
  }
}
