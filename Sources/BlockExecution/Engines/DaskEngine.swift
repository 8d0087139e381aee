// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization

/// Runs groups of tasks on the workers of a Dask scheduler, by a small program in the user's Python: one future a group, which is a process
/// of `weft task run` on a worker.
package final class DaskEngine: JobEngine {
  package let name = "dask"
  package let mostGroups = 100_000
  package let poll = 0.5
  package let mostMemory: Int? = nil

  private let folder: RunFolder
  private let options: ExecutorOptions
  private let progress: any ProgressReporter
  private let driver: ChildProcess
  /// Of the batches handed over: which groups have not ended, and how others did.
  private struct Batch {
    var left: Set<String>
    var ends: [String: Int] = [:]
  }
  private struct State {
    var batches: [String: Batch] = [:]
    /// Lines that the driver has not taken yet.
    var pending: ArraySlice<UInt8> = []
    var lines = LineBuffer()
    var errors = LastBytes()
    var failure: RunError?
  }
  private let state = Mutex(State())

  /// Connects to the scheduler.
  ///
  /// - Throws: `RunError` where there is no Python, no Dask in it, or no scheduler.
  package init(_ folder: RunFolder, _ options: ExecutorOptions, progress: any ProgressReporter) throws {
    self.folder = folder
    self.options = options
    self.progress = progress
    let dask = options.dask
    if let file = dask.schedulerFile, !FileManager.default.fileExists(atPath: file) {
      throw RunError("\(file) does not exist", hint: "start the scheduler first: dask scheduler --scheduler-file \(file)")
    }
    let script = folder.jobs.appendingPathComponent("weft_dask.py")
    try FileManager.default.createDirectory(at: folder.jobs, withIntermediateDirectories: true)
    try Data(PackageResources.weft_dask_py).write(to: script, options: .atomic)
    let resources = try String(decoding: RunFolder.encoder.encode(dask.resources), as: UTF8.self)
    var words = [dask.python, "-u", script.path, "--name", "weft-\(UUID().uuidString)", "--resources", resources]
    if let address = dask.scheduler { words += ["--scheduler", address] }
    if let file = dask.schedulerFile { words += ["--scheduler-file", file] }
    if let jobs = options.jobs { words += ["--jobs", "\(jobs)"] }
    driver = try ChildProcess(words, environment: ProcessInfo.processInfo.environment)
    try waitUntilReady()
  }

  private struct Message: Decodable {
    var type: String
    var message: String?
    var hint: String?
    var dashboard: String?
    var workers: Int?
    var threads: Int?
    var id: String?
    var status: Int?
    var errors: String?
    var worker: String?
  }

  private func waitUntilReady() throws {
    let end = ContinuousClock.now + .seconds(90)
    while ContinuousClock.now < end {
      for message in try state.withLock({ try move(&$0, seconds: 0.2) }) {
        guard message.type == "ready" else { throw RunError(message.message ?? "Dask does not answer", hint: message.hint) }
        let size = "\(message.workers ?? 0) workers with \(message.threads ?? 0) threads"
        progress.report(.note("Dask: \(size)" + (message.dashboard.map { ", shown at \($0)" } ?? "")))
        return
      }
    }
    throw RunError("no Dask scheduler answers within 90 s", hint: "see that its address is right, and that this machine reaches it")
  }

  /// Writes to the driver and reads what it says.
  private func move(_ state: inout State, seconds: Double) throws -> [Message] {
    if let failure = state.failure { throw failure }
    let moved = driver.move(&state.pending, seconds: seconds)
    state.lines.append(moved.output)
    state.errors.append(moved.errors)
    var messages: [Message] = []
    while let line = state.lines.next() {
      if let message = try? RunFolder.decoder.decode(Message.self, from: Data(line)) { messages.append(message) }
    }
    if moved.outputEnded, messages.isEmpty {
      _ = driver.waitForEnd(seconds: 1)
      let last = state.errors.lines(8).joined(separator: "\n")
      let failure = RunError(
        "the connection to Dask ended" + (last.isEmpty ? "" : ": \(last)"), hint: "the same command goes on; what is done is kept")
      state.failure = failure
      throw failure
    }
    return messages
  }

  package func submit(_ batch: JobBatch) async throws -> String {
    var text = Data()
    var identifiers: Set<String> = []
    for group in batch.groups {
      let identifier = "\(batch.name).\(group)"
      identifiers.insert(identifier)
      var words = options.worker + ["task", "run", "--run-dir", folder.url.path, "--stage", batch.stage]
      words += ["--list", batch.list.path, "--group", "\(group)", "--threads", "{threads}", "--quiet"]
      if let seconds = batch.beginFor { words += ["--begin-for", "\(seconds)"] }
      struct Request: Encodable {
        var id: String
        var command: [String]
      }
      text += try RunFolder.encoder.encode(Request(id: identifier, command: words)) + Data("\n".utf8)
    }
    state.withLock { state in
      state.batches[batch.name] = Batch(left: identifiers)
      state.pending += [UInt8](text)
    }
    try look()
    return batch.name
  }

  package func submitContinuation(of output: String, named name: String, after jobs: [String]) async throws -> String {
    throw RunError("a run on Dask lasts as long as this process", hint: "leave --detach out")
  }

  /// Takes in what the driver says by now.
  private func look() throws {
    try state.withLock { state in
      repeat {
        let messages = try move(&state, seconds: 0)
        if messages.isEmpty, state.pending.isEmpty { return }
        for message in messages {
          guard message.type == "ended", let identifier = message.id, let dot = identifier.lastIndex(of: ".") else { continue }
          let batch = String(identifier[..<dot])
          state.batches[batch]?.left.remove(identifier)
          state.batches[batch]?.ends[message.status == 0 ? "COMPLETED" : "status \(message.status ?? -1)", default: 0] += 1
          if message.status != 0, message.status != 75 { note(identifier, message) }
        }
        if messages.isEmpty { usleep(1000) }
      } while true
    }
  }

  /// Writes down what a group said that did not end well.
  private func note(_ identifier: String, _ message: Message) {
    let place = message.worker.map { " on \($0)" } ?? ""
    let text = "\(identifier) ended with \(message.status ?? -1)\(place)\n\(message.errors ?? "")\n"
    try? Data(text.utf8).write(to: folder.logs.appendingPathComponent("\(identifier).out"))
  }

  package func states(of jobs: [String]) throws -> [String: JobState] {
    try look()
    return state.withLock { state in
      Dictionary(
        uniqueKeysWithValues: Set(jobs).map { job in
          guard let batch = state.batches[job] else { return (job, .unknown) }
          return (job, batch.left.isEmpty ? .ended(batch.ends) : .live("at work"))
        })
    }
  }

  package var isGone: Bool { state.withLock { $0.failure != nil } }

  package func job(named name: String) -> String? { nil }

  package func ranOutOfMemory(_ jobs: [String]) -> Bool { false }

  package func cancel(_ jobs: [String]) {
    // All that this process handed over ends with its input.
    driver.closeInput()
  }

  package func cancel(named name: String) { cancel([name]) }

  deinit {
    driver.closeInput()
    var nothing: ArraySlice<UInt8> = []
    let end = ContinuousClock.now + .seconds(10)
    while driver.hasEnded() == nil, ContinuousClock.now < end { _ = driver.move(&nothing, seconds: 0.05) }
  }
}
