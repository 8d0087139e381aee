// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation

let work = Task { await WeftCommandLine.run(Array(CommandLine.arguments.dropFirst())) }
let interruption = Interruption { work.cancel() }
let status = await work.value
withExtendedLifetime(interruption) {}
exit(status.rawValue)
