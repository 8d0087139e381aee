// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks tasks`
enum TasksVerb {
  struct Arguments: Sendable {
    var count = 100_000
    /// A finished run to go on with.
    var resumed: String?
  }

  static let command = Command<Arguments>(
    "tasks", "a run of tasks that do nothing, and its resume",
    discussion: ["What is left is the cost of tasks and journal. Then a new process finds that all are done."],
    defaults: Arguments(), positionals: [.value("COUNT", at: \.count, "Tasks, 100000", isRequired: false, completion: .none)],
    groups: [
      OptionGroup("Parts", [.value("--resume", at: \.resumed, "DIR", "Only go on with this finished run", completion: .directory)])
    ], check: { (arguments) throws(UsageError) in try require(arguments.count, atLeast: 1, "COUNT") })

  static let verb = Verb(command) { arguments in
    if let folder = arguments.resumed { return try await resume(folder, count: arguments.count) }
    try await withTemporaryFolder { folder in
      let count = arguments.count
      let seconds = try await NoOperationRun(folder: RunFolder(URL(fileURLWithPath: folder)), count: count, fileBytes: 0).run()
      say(String(format: "%d tasks that do nothing: %.2f s, %.0f µs a task", count, seconds, seconds / Double(count) * 1e6))
      let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
      try Program.run(program, ["tasks", String(count), "--resume", folder], isShown: true)
    }
  }

  private static func resume(_ folder: String, count: Int) async throws {
    guard FileManager.default.fileExists(atPath: folder + "/nothing/ledger") else {
      throw BenchmarkError("\(folder) holds no run of `weft-benchmarks tasks`", hint: "leave --resume out to begin one")
    }
    let seconds = try await NoOperationRun(folder: RunFolder(URL(fileURLWithPath: folder)), count: count, fileBytes: 0).run()
    say(String(format: "resume of the finished run: %.2f s, %d MB at the most", seconds, PeakMemory.bytes() / 1_000_000))
  }
}
