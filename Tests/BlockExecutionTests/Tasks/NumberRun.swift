// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Synchronization
import TestSupport
import Testing

/// A run of three stages over small files: squares of numbers, sums of pairs of them, and their total.
final class NumberRun: StagedRun {
  let folder: RunFolder
  let outlines: [StageOutline]
  private let factor: Int
  private let offset: Int
  /// How often each task ran.
  let ran = Mutex<[String: Int]>([:])
  /// What else a task does before its work.
  let before = Mutex<(@Sendable (_ stage: String, _ task: Int) throws -> Void)?>(nil)
  let hasRescue: Bool

  static let count = 20

  init(_ folder: RunFolder, factor: Int = 1, offset: Int = 0, hasRescue: Bool = false) {
    self.folder = folder
    self.factor = factor
    self.offset = offset
    self.hasRescue = hasRescue
    outlines = [
      StageOutline("squares", parameters: ["factor": "\(factor)"], tasks: Self.count),
      StageOutline("sums", parameters: ["offset": "\(offset)"], tasks: Self.count / 2), StageOutline("total", tasks: 1),
    ]
  }

  private func file(_ stage: String, _ task: Int) -> URL { folder.stage(stage).appendingPathComponent("\(task).txt") }

  func number(_ stage: String, _ task: Int) throws -> Int {
    let text = try String(contentsOf: file(stage, task), encoding: .utf8)
    guard let number = Int(text) else { throw DamagedOutput(path: file(stage, task).path, reason: "it holds `\(text)`") }
    return number
  }

  func stage(_ name: String, journal: Journal) throws -> Stage {
    let count = outlines.first { $0.name == name }!.tasks!
    return Stage(
      name, tasks: .all(count), width: 2, rescue: { [hasRescue] _, _ in hasRescue ? TaskOutcome(state: "stand-in") : nil }
    ) { [self] task in
      ran.withLock { $0["\(name)/\(task)", default: 0] += 1 }
      try before.withLock { $0 }?(name, task)
      let result =
        switch name {
        case "squares": factor * task * task
        case "sums": try number("squares", 2 * task) + number("squares", 2 * task + 1) + offset
        default: try (0..<Self.count / 2).map { try number("sums", $0) }.reduce(0, +)
        }
      let text = Data(String(result).utf8)
      try text.write(to: file(name, task), options: .atomic)
      return TaskOutcome(state: "done", files: ["\(task).txt": text.count])
    }
  }

  /// Runs what is still to be done.
  func run(retries: Int = 2) async throws {
    _ = try folder.adopt(outlines)
    try await LocalExecutor(folder: folder, retries: retries).run(self)
  }

  /// Tasks that ran since the last call.
  func tasksRun() -> Set<String> {
    ran.withLock { ran in
      defer { ran = [:] }
      return Set(ran.keys)
    }
  }

  static let total = (0..<count).map { $0 * $0 }.reduce(0, +)
}

/// Runs `body` with a run folder that is removed afterwards.
func withRunFolder(_ body: (RunFolder) async throws -> Void) async throws {
  let url = FileManager.default.temporaryDirectory.appendingPathComponent("weft-tasks-\(UUID().uuidString)")
  defer { try? FileManager.default.removeItem(at: url) }
  try await body(RunFolder(url))
}

/// An error that a test throws.
struct Trouble: LocalizedError {
  var errorDescription: String? { "the coffee ran out" }
}
