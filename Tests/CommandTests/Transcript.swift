// SPDX-License-Identifier: Apache-2.0

import Commands
import Synchronization

/// What a command line printed and how it ended.
struct Transcript: Sendable {
  let status: ExitStatus
  let output: String
  let errors: String

  /// Runs a command line in this process.
  init(_ words: [String]) async {
    let texts = Texts()
    let console = Console(output: { texts.add($0, isError: false) }, errorOutput: { texts.add($0, isError: true) })
    status = await WeftCommandLine.run(words, console: console)
    (output, errors) = texts.both
  }

  private final class Texts: Sendable {
    private let parts = Mutex<(output: String, errors: String)>(("", ""))

    func add(_ text: String, isError: Bool) {
      parts.withLock { parts in
        if isError { parts.errors += text } else { parts.output += text }
      }
    }

    var both: (String, String) { parts.withLock { ($0.output, $0.errors) } }
  }
}
