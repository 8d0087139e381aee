// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
package import Foundation
internal import Synchronization

/// One line of a ledger: a task that is done.
package struct LedgerEntry: Sendable, Codable {
  /// Its number in the stage.
  package var task: Int
  /// The key of the stage when it ran.
  package var key: String
  package var outcome: TaskOutcome
  /// How often it was tried.
  package var attempts: Int
  package var seconds: Double
  package var host: String
  /// The process's peak memory by then, in bytes.
  package var peakMemory: Int

  package init(task: Int, key: String, outcome: TaskOutcome, attempts: Int, seconds: Double, host: String, peakMemory: Int) {
    self.task = task
    self.key = key
    self.outcome = outcome
    self.attempts = attempts
    self.seconds = seconds
    self.host = host
    self.peakMemory = peakMemory
  }
}

/// Appends to a ledger file of its own: a line a task, which others see at once and which is on the disk a moment later.
///
/// Lines that follow each other closely are brought to the disk together: where tasks take a millisecond, waiting for the disk would take
/// most of the time. A line that a failing machine loses is a task that is done again.
package final class Ledger: Sendable {
  /// How long a line may wait for the disk, in milliseconds.
  private static let patience = 50

  private struct State {
    let handle: FileHandle
    /// When all lines so far were on the disk.
    var synchronised: ContinuousClock.Instant?
    var isWaiting = false
    /// Why lines did not reach the disk, until it is told.
    var failure: (any Error)?

    mutating func synchronise() throws {
      isWaiting = false
      try handle.synchronize()
      synchronised = .now
    }
  }

  private let state: Mutex<State>
  private let path: String

  /// Opens a new file; its name tells the round and the group, and is unique.
  init(_ folder: RunFolder, stage: String, round: Int, group: Int) throws {
    let url = folder.ledgers(of: stage).appendingPathComponent("\(round).\(group).\(RunFolder.uniqueName()).jsonl")
    path = url.path
    try Data().write(to: url)
    state = Mutex(State(handle: try FileHandle(forWritingTo: url)))
  }

  /// Writes a line.
  ///
  /// - Throws: where it, or one before it, does not reach the disk.
  func append(_ entry: LedgerEntry) throws {
    let line = try Self.line(entry)
    try told {
      try state.withLock { state in
        if let failure = state.failure { throw failure }
        try state.handle.write(contentsOf: line)
        if state.isWaiting { return }
        guard let last = state.synchronised, ContinuousClock.now - last < .milliseconds(Self.patience) else {
          return try state.synchronise()
        }
        state.isWaiting = true
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(Self.patience)) { self.synchroniseLate() }
      }
    }
  }

  /// Brings all lines to the disk.
  ///
  /// - Throws: where they do not reach it.
  func synchronise() throws {
    try told {
      try state.withLock { state in
        if let failure = state.failure { throw failure }
        if state.isWaiting { try state.synchronise() }
      }
    }
  }

  private func synchroniseLate() {
    state.withLock { state in
      guard state.isWaiting else { return }
      do { try state.synchronise() } catch { state.failure = error }
    }
  }

  private func told(_ body: () throws -> Void) throws {
    do { try body() } catch {
      throw RunError("\(path) cannot be written: \(RunError.reason(error))", hint: "free some space, then go on with the same command")
    }
  }

  /// An entry as JSON whose last member is a checksum of what is before it.
  package static func line(_ entry: LedgerEntry) throws -> Data {
    let text = try RunFolder.encoder.encode(entry).dropLast()
    return text + Data(",\"check\":\"\(Digest(text))\"}\n".utf8)
  }

  /// The entries of a ledger file; torn and damaged lines are passed over, since their tasks can be done again.
  package static func entries(of data: Data) -> [LedgerEntry] {
    let decoder = RunFolder.decoder
    let tail = 28  // ,"check":"0123456789abcdef"}
    return data.split(separator: UInt8(ascii: "\n")).compactMap { line in
      guard line.count > tail else { return nil }
      let text = line.dropLast(tail)
      guard String(decoding: line.suffix(tail), as: UTF8.self) == ",\"check\":\"\(Digest(text))\"}" else { return nil }
      return try? decoder.decode(LedgerEntry.self, from: text + CollectionOfOne(UInt8(ascii: "}")))
    }
  }
}
