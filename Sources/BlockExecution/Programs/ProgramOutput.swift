// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What a short program wrote, and how it ended.
package struct ProgramOutput: Sendable {
  /// What it wrote to its standard output.
  package var output: String
  /// The end of what it wrote to its standard error.
  package var errors: String
  /// How it ended; `nil` where it took too long, and was ended.
  package var ending: ChildProcess.Ending?

  /// Whether it ended well.
  package var isGood: Bool { ending == .status(0) }

  /// Runs a program to its end, without input.
  ///
  /// - Parameters:
  ///   - arguments: its name, searched on the `PATH`, and what it is called with.
  ///   - seconds: how long it may take.
  /// - Throws: `RunError` where it cannot be started.
  package init(
    of arguments: [String], environment: [String: String] = ProcessInfo.processInfo.environment, seconds: Double
  ) throws(RunError) {
    let child = try ChildProcess(arguments, environment: environment)
    defer { child.end() }
    child.closeInput()
    var nothing: ArraySlice<UInt8> = []
    var bytes: [UInt8] = []
    var last = LastBytes()
    let end = ContinuousClock.now + .seconds(seconds)
    while ContinuousClock.now < end {
      let moved = child.move(&nothing, seconds: 0.1)
      bytes += moved.output
      last.append(moved.errors)
      if moved.outputEnded { break }
    }
    ending = child.waitForEnd(seconds: max(0, (end - .now) / .seconds(1)))
    while case let more = child.move(&nothing, seconds: 0).errors, !more.isEmpty { last.append(more) }
    output = String(decoding: bytes, as: UTF8.self)
    errors = last.lines(20).joined(separator: "\n")
  }
}
