// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks costs`
enum CostsVerb {
  static let command = Command<PhantomRun.Arguments>(
    "costs", "each stage's seconds beside those that `weft plan` expects", discussion: ["Of a phantom, on one thread."],
    defaults: PhantomRun.Arguments(voxels: 256, core: 128), positionals: PhantomRun.Arguments.positionals,
    check: PhantomRun.Arguments.check)

  static let verb = Verb(command) { arguments in
    try await withTemporaryFolder { folder in
      let phantom = try await PhantomRun(arguments, in: folder)
      let took = Dictionary(uniqueKeysWithValues: try phantom.timings().filter { !$0.name.contains("/") })
      say("registration of \(arguments.voxels)³ voxels in \(phantom.registration.grid.count) blocks, 1 thread")
      say(
        Table.text(
          ["stage", "s expected", "s taken", "ratio"],
          phantom.registration.estimate.stages.filter { $0.coreSeconds > 0 }.map { stage in
            let seconds = took[stage.name] ?? .nan
            return [stage.name, stage.coreSeconds.text(2), seconds.text(2), (seconds / stage.coreSeconds).text(2)]
          }))
    }
  }
}
