// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation

WeftCommandLine.prepareProcess()

// The runtime looks for the arguments beside the environment, and finds none where a preloaded library has moved that.
var words = CommandLine.arguments
if words.isEmpty, let line = FileManager.default.contents(atPath: "/proc/self/cmdline") {
  words = line.split(separator: 0, omittingEmptySubsequences: false).dropLast().map { String(decoding: $0, as: UTF8.self) }
}
let arguments = Array(words.dropFirst())
let work = Task { await WeftCommandLine.run(arguments) }
let interruption = Interruption { work.cancel() }
let status = await work.value
withExtendedLifetime(interruption) {}
exit(status.rawValue)
