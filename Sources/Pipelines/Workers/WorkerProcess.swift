// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Segmentation
internal import Synchronization

/// A program that works on one tile after another: started when it is needed, and again after it died.
///
/// Used by one thread at a time; only `cancel` may be called meanwhile.
final class WorkerProcess: Sendable {
  /// Bytes that a message may have at the most.
  static let longestLine = 4 << 20
  private static let answers: Set<String> = ["ready", "result", "error"]

  private struct State: Sendable {
    var child: ChildProcess?
    var lines = LineBuffer()
    var errors = LastBytes()
    var requests = 0
    var description: WorkerDescription?
  }

  private let launch: WorkerLaunch
  private let options: WorkerOptions
  private let modules: String
  private let folder: String
  private let noise: WorkerNoise
  private let state = Mutex(State())
  private let running = Mutex<ChildProcess?>(nil)
  private let isCancelled = Atomic<Bool>(false)

  /// A program that is not started yet.
  ///
  /// - Parameters:
  ///   - modules: the folder of Python modules that it finds.
  ///   - folder: where its tiles pass through; made when it is started.
  init(_ launch: WorkerLaunch, options: WorkerOptions, modules: String, folder: String, noise: WorkerNoise) {
    self.launch = launch
    self.options = options
    self.modules = modules
    self.folder = folder
    self.noise = noise
  }

  /// Starts the program where it does not run.
  ///
  /// - Returns: what it said of itself.
  /// - Throws: `WorkerError` where it cannot be started, ends or fails before it is ready, or speaks otherwise.
  func start() throws -> WorkerDescription { try state.withLock { try started(&$0) } }

  /// The most memory that the program has had so far, in bytes; 0 where it does not run.
  var peakMemory: Int { running.withLock { $0 }.map { PeakMemory.bytes(ofGroup: $0.group) } ?? 0 }

  /// Has the program work on a tile.
  ///
  /// - Returns: what `body` makes of the answer and the file with the result, which is gone afterwards.
  /// - Throws: `WorkerError`, or what `body` throws.
  func work<Result: Sendable>(
    _ kind: WorkerRequest.Kind, _ tile: SegmentationTile, lohi: [[Double]], _ body: (_ answer: JSON, _ output: String) throws -> Result
  ) throws -> Result {
    try state.withLock { state in
      _ = try started(&state)
      let input = folder + "/input.raw"
      let output = folder + "/output.raw"
      defer { for path in [input, output] { try? FileManager.default.removeItem(atPath: path) } }
      try TileFile.write(tile.channels, to: input)
      state.requests += 1
      let identifier = state.requests
      let request = WorkerRequest.tile(
        kind, identifier: identifier, tile, lohi: lohi, options: options, input: input, output: output)
      let answer = try answer(to: request, &state, seconds: options.timeout, when: "in the middle of a tile")
      let stated = answer["id"]?.whole
      let isError = answer["type"]?.text == "error"
      guard isError || answer["type"]?.text == "result" else {
        drop(&state)
        throw WorkerError(
          .conversation, "\(launch.program) answers a tile with `\(answer["type"]?.text ?? "")`, where `result` or `error` is wanted",
          hint: "see Docs/Reference/plugin-workers.md")
      }
      guard stated == identifier || (isError && answer["id"] == nil) else {
        drop(&state)
        throw WorkerError(
          .conversation,
          "\(launch.program) answers request \(answer["id"]?.shown ?? "without an id"), where request \(identifier) was asked",
          hint: "answer each request once, with its own `id`")
      }
      if isError { throw refusal(answer, isStarting: false) }
      return try body(answer, output)
    }
  }

  /// Lets the program end, and ends it where it does not.
  func stop(grace: Double) {
    state.withLock { state in
      if let child = state.child {
        var pending = Self.line(WorkerRequest.shutdown)[...]
        let end = ContinuousClock.now + .seconds(grace)
        while !pending.isEmpty && child.hasEnded() == nil && ContinuousClock.now < end { _ = child.move(&pending, seconds: 0.05) }
        child.closeInput()
        var nothing: ArraySlice<UInt8> = []
        // What it still says is read, so that it does not wait for a reader.
        while child.hasEnded() == nil && ContinuousClock.now < end {
          if child.move(&nothing, seconds: 0.02).outputEnded { usleep(5000) }
        }
      }
      drop(&state)
    }
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Ends the program at once, from any thread; whoever waits for it gets an error, and it is not started again.
  func cancel() {
    isCancelled.store(true, ordering: .sequentiallyConsistent)
    running.withLock { $0 }?.end()
  }

  private func started(_ state: inout State) throws -> WorkerDescription {
    if let child = state.child, let description = state.description {
      if child.hasEnded() == nil { return description }
      drop(&state)
    }
    try checkGoing()
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    state = State()
    let child: ChildProcess
    do throws(RunError) {
      child = try ChildProcess(launch.arguments(modules), environment: launch.environment(modules: modules, threads: options.threads))
    } catch { throw WorkerError(.start, error.message, hint: error.hint) }
    state.child = child
    running.withLock { $0 = child }
    do {
      try checkGoing()
      let limit = max(options.startTimeout, options.timeout ?? 0)
      let request = WorkerRequest.initialise(backend: launch.backend, options: options, folder: folder)
      let answer = try answer(to: request, &state, seconds: limit, when: "before it was ready")
      switch answer["type"]?.text {
      case "ready": break
      case "error": throw refusal(answer, isStarting: true)
      default:
        throw WorkerError(
          .conversation, "\(launch.program) answers `init` with `\(answer["type"]?.text ?? "")`, where `ready` or `error` is wanted",
          hint: "see Docs/Reference/plugin-workers.md")
      }
      let description = try WorkerDescription(answer, program: launch.program, rank: options.rank)
      state.description = description
      return description
    } catch {
      drop(&state)
      throw error
    }
  }

  private func checkGoing() throws {
    if isCancelled.load(ordering: .sequentiallyConsistent) { throw WorkerError(.cancelled, "\(launch.program) was stopped") }
  }

  /// Ends the program and forgets it; what it said last stays.
  private func drop(_ state: inout State) {
    running.withLock { $0 = nil }
    state.child?.end()
    state.child = nil
    state.description = nil
  }

  /// Sends a message and waits for the next one.
  private func answer(to message: JSON, _ state: inout State, seconds: Double?, when: String) throws -> JSON {
    guard let child = state.child else { throw WorkerError(.crash, "\(launch.program) does not run") }
    var pending = Self.line(message)[...]
    var deadline = seconds.map { ContinuousClock.now + .seconds($0) }
    var takesNothing = false
    while true {
      while pending.isEmpty, let line = state.lines.next() {
        if let answer = self.message(in: line) { return answer }
      }
      if state.lines.unfinished > Self.longestLine {
        let begin = String(decoding: state.lines.rest().prefix(60), as: UTF8.self)
        drop(&state)
        throw WorkerError(
          .conversation,
          "\(launch.program) wrote more than \(Self.longestLine >> 20) MB without an end of line on standard output: \(begin)…",
          hint: "results belong into the file `output`; standard output carries messages only, a line each")
      }
      let left = deadline.map { Double(($0 - .now) / .seconds(1)) } ?? 1
      if left <= 0 { throw takesNothing ? deathError(&state, when) : timeoutError(&state, seconds ?? 0, when) }
      let moved = child.move(&pending, seconds: min(left, 0.5))
      state.lines.append(moved.output)
      state.errors.append(moved.errors)
      if moved.inputEnded && !takesNothing {
        // It may be about to end, or has closed its input only: not for ever.
        takesNothing = true
        deadline = min(deadline ?? .now + .seconds(2), .now + .seconds(2))
      }
      if moved.outputEnded || (moved.output.isEmpty && moved.errors.isEmpty && child.hasEnded() != nil) {
        if let answer = lastAnswer(&state) { return answer }
        throw deathError(&state, when)
      }
    }
  }

  /// An answer that lies among the last lines of a program that ended.
  private func lastAnswer(_ state: inout State) -> JSON? {
    while let line = state.lines.next() { if let answer = self.message(in: line) { return answer } }
    let rest = state.lines.rest()
    return rest.isEmpty ? nil : self.message(in: rest)
  }

  /// The message at the end of a line, after whatever was printed without an end of line; anything else is noise. A line that is an object
  /// with a `type` is a message, also of a type that is none: whoever waits for it says so, and does not wait for ever.
  private func message(in line: ArraySlice<UInt8>) -> JSON? {
    var tried = 0
    let first = line.firstIndex { $0 != UInt8(ascii: " ") }
    for begin in line.indices where line[begin] == UInt8(ascii: "{") {
      tried += 1
      if tried > 16 { break }
      guard let value = try? JSON.parse(Array(line[begin...]), file: "a message"), let type = value["type"]?.text,
        begin == first || Self.answers.contains(type)
      else { continue }
      if begin > line.startIndex { noise.add(line[..<begin]) }
      return value
    }
    if line.contains(where: { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") }) { noise.add(line) }
    return nil
  }

  private static func line(_ message: JSON) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Only a NaN or an infinity could fail, and no message holds one.
    return ((try? encoder.encode(message)).map { [UInt8]($0) } ?? []) + [UInt8(ascii: "\n")]
  }

  private func said(_ state: State, advice: String? = nil) -> (hint: String?, details: String?) {
    let lines = state.errors.lines(40)
    if lines.isEmpty { return (advice, nil) }
    let last = "it wrote to standard error:\n" + lines.suffix(8).map { "    " + $0 }.joined(separator: "\n")
    return ([advice, last].compactMap { $0 }.joined(separator: "; "), lines.joined(separator: "\n"))
  }

  private func deathError(_ state: inout State, _ when: String) -> WorkerError {
    let child = state.child
    // It may have closed its output just before it ends.
    let ending = child?.waitForEnd(seconds: 1)
    readRemainingErrors(&state)
    let isStarting = state.description == nil
    drop(&state)
    if isCancelled.load(ordering: .sequentiallyConsistent) { return WorkerError(.cancelled, "\(launch.program) was stopped") }
    let what: String
    var signal: Int32?
    switch ending {
    // A shell says so of a program that a signal ended.
    case .status(let status) where (129...159).contains(status): (what, signal) = ("ended with status \(status)", status - 128)
    case .status(let status): what = "ended with status \(status)"
    case .signal(let number): (what, signal) = ("was ended", number)
    case nil: what = "closed its standard input or output"
    }
    let name = signal.map { number in
      ", signal \(number) (\(unsafe strsignal(number).map { unsafe String(cString: $0) } ?? "unknown"))"
    }
    let advice =
      signal == SIGKILL
      ? "the machine may have run out of memory: \(WorkerError.smallerTiles)" : isStarting ? launch.startHint : nil
    let last = state.errors.lines(1).first.map { ": \($0)" } ?? ""
    let (hint, details) = said(state, advice: advice)
    return WorkerError(isStarting ? .start : .crash, "\(launch.program) \(what)\(name ?? "") \(when)\(last)", hint: hint, details: details)
  }

  private func readRemainingErrors(_ state: inout State) {
    guard let child = state.child else { return }
    var nothing: ArraySlice<UInt8> = []
    for _ in 0..<64 {
      let moved = child.move(&nothing, seconds: 0)
      if moved.errors.isEmpty { break }
      state.errors.append(moved.errors)
    }
  }

  private func timeoutError(_ state: inout State, _ seconds: Double, _ when: String) -> WorkerError {
    readRemainingErrors(&state)
    let isStarting = state.description == nil
    drop(&state)
    let limit = seconds == seconds.rounded() ? "\(Int(seconds))" : "\(seconds)"
    let (hint, details) = said(
      state,
      advice: isStarting
        ? "the program must answer the message `init` with `ready`: see Docs/Reference/plugin-workers.md"
        : "allow more time by --timeout, or make tiles smaller by --tile-shape")
    let message =
      isStarting
      ? "\(launch.program) was not ready after \(limit) s and was ended"
      : "\(launch.program) worked on a tile for longer than \(limit) s and was ended"
    return WorkerError(.timeout, message, hint: hint, details: details)
  }

  /// The error that a program reported itself.
  private func refusal(_ answer: JSON, isStarting: Bool) -> WorkerError {
    let message = answer["message"]?.text ?? "it gives no reason"
    let traceback = answer["traceback"]?.text
    let hint = answer["hint"]?.text
    switch answer["kind"]?.text {
    case "oom", "memory":
      return WorkerError(
        .memory, "\(launch.program) ran out of memory: \(message)", hint: hint ?? WorkerError.smallerTiles, details: traceback)
    case let kind where isStarting:
      return WorkerError(
        .start, "\(launch.program) cannot start: \(message)", hint: hint ?? (kind == "input" ? nil : launch.startHint), details: traceback)
    case "input":
      return WorkerError(.input, "\(launch.program) refuses the tile: \(message)", hint: hint, details: traceback)
    default:
      let last = traceback.map { "its traceback ends with:\n" + Self.lastLines(of: $0) }
      return WorkerError(.failure, "\(launch.program) failed: \(message)", hint: hint ?? last, details: traceback)
    }
  }

  private static func lastLines(of text: String) -> String {
    text.split(whereSeparator: \.isNewline).suffix(6).map { "    " + $0 }.joined(separator: "\n")
  }
}
