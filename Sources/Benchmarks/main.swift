// SPDX-License-Identifier: Apache-2.0

import Foundation
import Weft

// Measures what the figures in Docs tell: `swift run -c release weft-benchmarks --help`.
FreedMemory.returnAtOnce()
exit(await Benchmarks.run(Array(CommandLine.arguments.dropFirst())))
