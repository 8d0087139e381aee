// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Synchronization
package import Weft

/// Shows how a run goes on: bars on a terminal, plain lines elsewhere, JSON lines on request.
package final class ProgressDisplay: ProgressReporter {
  /// How it is shown.
  enum Style: Sendable { case bar, lines, json, quiet }

  private struct State {
    var stage: String?
    /// When the stages under way began: a step of a stage is told of while the stage goes on.
    var started: [String: ContinuousClock.Instant] = [:]
    var shown = ContinuousClock.now
    var hasBar = false
    /// How the done tasks of the stage ended.
    var states: [String: Int] = [:]
  }

  private let console: Console
  private let style: Style
  private let now: @Sendable () -> ContinuousClock.Instant
  private let state = Mutex(State())

  init(_ console: Console, style: Style, now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
    self.console = console
    self.style = style
    self.now = now
  }

  /// The display that the options and the terminal ask for.
  static func make(_ console: Console, _ output: OutputArguments) -> ProgressDisplay {
    ProgressDisplay(console, style: output.quiet ? .quiet : output.json ? .json : console.isTerminal ? .bar : .lines)
  }

  package func report(_ event: ProgressEvent) {
    state.withLock { state in
      switch style {
      case .json: console.tell(Self.json(event))
      case .bar: showBar(event, &state)
      case .lines: showLine(event, &state)
      case .quiet: if case .warning(let text) = event { console.warn(text) }
      }
    }
  }

  /// Removes an unfinished bar, so that what follows begins on a line of its own.
  func close() { state.withLock { clear(&$0) } }

  private func clear(_ state: inout State) {
    if state.hasBar { console.tell("\r\u{1B}[K", terminator: "") }
    state.hasBar = false
  }

  private func showBar(_ event: ProgressEvent, _ state: inout State) {
    let time = now()
    switch event {
    case .started(let stage, let tasks):
      state.started[stage] = time
      state.states = [:]
      draw(stage, 0, tasks, time, &state)
    case .advanced(let stage, let done, let tasks):
      if done < tasks && state.shown.duration(to: time) < .milliseconds(100) { return }
      draw(stage, done, tasks, time, &state)
    case .states(_, let counts): state.states = counts
    case .finished(let stage):
      clear(&state)
      console.tell("\(stage): \(Numbers.duration((state.started[stage] ?? time).duration(to: time).seconds))" + Self.list(state.states))
    case .note(let text):
      clear(&state)
      console.tell(text)
    case .warning(let text):
      clear(&state)
      console.warn(text)
    }
  }

  private func draw(_ stage: String, _ done: Int, _ tasks: Int, _ time: ContinuousClock.Instant, _ state: inout State) {
    state.shown = time
    state.hasBar = true
    let text = Self.bar(
      stage, done: done, of: tasks, seconds: (state.started[stage] ?? time).duration(to: time).seconds, width: console.width)
    console.tell("\r\u{1B}[K" + text, terminator: "")
  }

  private func showLine(_ event: ProgressEvent, _ state: inout State) {
    let time = now()
    switch event {
    case .started(let stage, _):
      state.started[stage] = time
      (state.shown, state.states) = (time, [:])
      console.tell("\(stage) …")
    case .advanced(let stage, let done, let tasks):
      guard done < tasks, state.shown.duration(to: time) >= .seconds(10) else { return }
      state.shown = time
      console.tell(
        "\(stage): " + Self.status(done: done, of: tasks, seconds: (state.started[stage] ?? time).duration(to: time).seconds)
          + Self.list(state.states))
    case .states(_, let counts): state.states = counts
    case .finished(let stage):
      console.tell(
        "\(stage): done in \(Numbers.duration((state.started[stage] ?? time).duration(to: time).seconds))" + Self.list(state.states))
    case .note(let text): console.tell(text)
    case .warning(let text): console.warn(text)
    }
  }

  /// One line with a bar, at most `width` columns.
  package static func bar(_ stage: String, done: Int, of tasks: Int, seconds: Double, width: Int) -> String {
    let status = status(done: done, of: tasks, seconds: seconds)
    let name = stage.count < 24 ? stage + String(repeating: " ", count: 24 - stage.count) : String(stage.prefix(24))
    let room = min(40, width - 1 - name.count - status.count - 4)
    guard room >= 8 else { return String("\(stage) \(status)".prefix(max(0, width - 1))) }
    let full = tasks > 0 ? room * done / tasks : 0
    return "\(name) [" + String(repeating: "#", count: full) + String(repeating: "-", count: room - full) + "] " + status
  }

  /// How many, how fast, how long still: `12/64, 1.5/s, 0:35 left`.
  package static func status(done: Int, of tasks: Int, seconds: Double) -> String {
    guard done > 0, seconds > 0 else { return "\(done)/\(tasks)" }
    let rate = Double(done) / seconds
    let speed = rate >= 1 ? "\(Numbers.text(rate, digits: 1))/s" : "\(Numbers.text(1 / rate, digits: 1)) s each"
    return "\(done)/\(tasks), \(speed), \(Numbers.duration(Double(tasks - done) / rate)) left"
  }

  /// How many tasks ended how, in brackets.
  private static func list(_ states: [String: Int]) -> String {
    states.isEmpty ? "" : " (" + states.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(separator: ", ") + ")"
  }

  private static func json(_ event: ProgressEvent) -> String {
    let record: EventRecord =
      switch event {
      case .started(let stage, let tasks): EventRecord(event: "started", stage: stage, done: 0, tasks: tasks)
      case .advanced(let stage, let done, let tasks): EventRecord(event: "advanced", stage: stage, done: done, tasks: tasks)
      case .states(let stage, let counts): EventRecord(event: "states", stage: stage, states: counts)
      case .finished(let stage): EventRecord(event: "finished", stage: stage)
      case .note(let text): EventRecord(event: "note", text: text)
      case .warning(let text): EventRecord(event: "warning", text: text)
      }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(record)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}

/// One line of `--json` progress.
private struct EventRecord: Encodable {
  var event: String
  var stage: String?
  var done: Int?
  var tasks: Int?
  var states: [String: Int]?
  var text: String?
}

extension Duration {
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
