// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import TestSupport
import Testing

struct LedgerTests {
  private func entry(_ task: Int) -> LedgerEntry {
    LedgerEntry(
      task: task, key: "k", outcome: TaskOutcome(state: "registered", result: "{\"a\":\"b\\n\"}", files: ["\(task).f32": task]),
      attempts: 1,
      seconds: 1.5, host: "here", peakMemory: 7)
  }

  @Test func linesAreReadAsTheyWereWritten() throws {
    let data = try (0..<5).map { try Ledger.line(entry($0)) }.reduce(Data(), +)
    let read = Ledger.entries(of: data)
    #expect(read.map(\.task) == [0, 1, 2, 3, 4] && read[3].outcome.files == ["3.f32": 3] && read[3].outcome.result == "{\"a\":\"b\\n\"}")
  }

  /// Wherever the file ends, the lines before are read and the last one is not.
  @Test func aTornLastLineIsPassedOver() throws {
    let lines = try (0..<3).map { try Ledger.line(entry($0)) }
    let whole = lines.reduce(Data(), +)
    for length in (lines[0].count + lines[1].count)..<whole.count - 1 {
      #expect(Ledger.entries(of: whole.prefix(length)).map(\.task) == [0, 1], "\(length)")
    }
  }

  /// Whichever bit of a line flips, the line is not taken, and the others are.
  @Test func aDamagedLineIsPassedOver() throws {
    let lines = try (0..<3).map { try Ledger.line(entry($0)) }
    let start = lines[0].count
    var generator = SeededGenerator(seed: 8)
    for at in 0..<lines[1].count - 1 {
      var data = lines.reduce(Data(), +)
      data[start + at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      let tasks = Ledger.entries(of: data).map(\.task)
      #expect(!tasks.contains(1) && Set(tasks).isSubset(of: [0, 2]) && tasks.contains(0), "byte \(at): \(tasks)")
    }
  }

  @Test func aRunGoesOnAfterItsLedgersWereCutShort() async throws {
    try await withRunFolder { folder in
      try await NumberRun(folder).run()
      let ledgers = folder.ledgers(of: "squares")
      let file = ledgers.appendingPathComponent(try #require(FileManager.default.contentsOfDirectory(atPath: ledgers.path).first))
      let data = try Data(contentsOf: file)
      try data.prefix(data.count / 2).write(to: file)
      let left = Set(Ledger.entries(of: data.prefix(data.count / 2)).map { "squares/\($0.task)" })
      let again = NumberRun(folder)
      try await again.run()
      let ran = again.tasksRun()
      #expect(ran.isDisjoint(with: left) && ran.count == 20 - left.count && !left.isEmpty && left.count < 20)
      #expect(try again.number("total", 0) == NumberRun.total)
    }
  }
}
