// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Where a command prints: data to standard output, everything else to standard error.
public struct Console: Sendable {
  private let output: @Sendable (String) -> Void
  private let errorOutput: @Sendable (String) -> Void
  /// Whether standard error is a terminal that understands control sequences.
  let isTerminal: Bool
  /// Whether text may be coloured.
  let isColoured: Bool
  /// Columns of the terminal.
  let width: Int

  /// The process's own streams; `NO_COLOR` and `TERM=dumb` are honoured.
  public init() {
    let environment = ProcessInfo.processInfo.environment
    output = { FileHandle.standardOutput.write(Data($0.utf8)) }
    errorOutput = { FileHandle.standardError.write(Data($0.utf8)) }
    isTerminal = isatty(STDERR_FILENO) == 1 && environment["TERM"] != "dumb"
    isColoured = isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
    width = Self.columns()
  }

  /// Streams of a test.
  package init(
    isTerminal: Bool = false, width: Int = 80, output: @escaping @Sendable (String) -> Void,
    errorOutput: @escaping @Sendable (String) -> Void
  ) {
    self.output = output
    self.errorOutput = errorOutput
    self.isTerminal = isTerminal
    isColoured = false
    self.width = width
  }

  /// Prints data.
  func print(_ text: String, terminator: String = "\n") { output(text + terminator) }

  /// Prints what is no data.
  func tell(_ text: String, terminator: String = "\n") { errorOutput(text + terminator) }

  /// Prints what went wrong, and after a blank line what to do about it.
  func show(error: String, hint: String?) {
    tell(coloured("error:", 31) + " " + error)
    if let hint { advise(hint) }
  }

  /// Prints what can be done, after a blank line.
  func advise(_ text: String) { tell("\n" + coloured("hint:", 36) + " " + text) }

  /// Prints a warning.
  func warn(_ text: String) { tell(coloured("warning:", 33) + " " + text) }

  /// Prints a value as JSON, keys sorted.
  func print(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
  }

  private func coloured(_ text: String, _ code: Int) -> String { isColoured ? "\u{1B}[1;\(code)m\(text)\u{1B}[0m" : text }

  private static func columns() -> Int {
    var size = winsize()
    guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
