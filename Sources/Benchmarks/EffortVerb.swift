// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks effort`
enum EffortVerb {
  static let command = Command<PhantomRun.Arguments>(
    "effort", "what a registration takes where there is less to do",
    discussion: [
      "Registers a phantom as it is, one of half the length in images whose other half is empty, and one that is bent nowhere, so that the coarse map already "
        + "fits; on one thread. Compares the seconds of the blocks, second attempts among them, and of the whole run."
    ],
    defaults: PhantomRun.Arguments(voxels: 256, core: 64), positionals: PhantomRun.Arguments.positionals,
    check: PhantomRun.Arguments.check)

  private static let cases: [(name: String, displacement: Double?, isHalfEmpty: Bool)] = [
    ("as it is", nil, false), ("half empty", nil, true), ("bent nowhere", 0, false),
  ]

  static let verb = Verb(command) { arguments in
    var rows: [[String]] = []
    var first: (blocks: Double, whole: Double)?
    for (name, displacement, isHalfEmpty) in cases {
      try await withTemporaryFolder { folder in
        let phantom = try await PhantomRun(arguments, displacement: displacement, isHalfEmpty: isHalfEmpty, in: folder)
        let blocks = try phantom.timings().filter { ["fine", "retry"].contains($0.name) }.map(\.seconds).reduce(0, +)
        let usual = first ?? (blocks, phantom.seconds)
        first = usual
        let states = phantom.result.blockStates
        rows.append(
          [
            name, "\(phantom.result.blocks.count)", "\(states[.registered] ?? 0)",
            "\((states[.background] ?? 0) + (states[.outside] ?? 0))",
          ]
            + [blocks, blocks / usual.blocks, phantom.seconds, phantom.seconds / usual.whole].map { $0.text(2) })
      }
    }
    say("phantoms of \(arguments.voxels)³ voxels in blocks of \(arguments.core)³, 1 thread")
    say(Table.text(["phantom", "blocks", "displaced", "skipped", "seconds of blocks", "÷ first", "seconds in all", "÷ first"], rows))
  }
}
