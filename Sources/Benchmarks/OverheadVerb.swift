// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks overhead`
enum OverheadVerb {
  static let command = Command<PhantomRun.Arguments>(
    "overhead", "the share of a registration that is not its tasks' work",
    discussion: ["Compares the whole time of a registration of a phantom on one thread with the sum of its tasks' seconds."],
    defaults: PhantomRun.Arguments(voxels: 160, core: 40), positionals: PhantomRun.Arguments.positionals,
    check: PhantomRun.Arguments.check)

  static let verb = Verb(command) { arguments in
    try await withTemporaryFolder { folder in
      let phantom = try await PhantomRun(arguments, in: folder)
      let tasks = try phantom.timings().filter { $0.name.contains("/") }
      let inside = tasks.map(\.seconds).reduce(0, +)
      // Files that tasks hand on are written inside them: here as many, each as large as the largest block's field with its halo.
      let plan = phantom.registration.plan
      let lattice = SplineLattice(extent: plan.grid.extent, stride: plan.fieldStride)
      let fieldBytes = 12 * plan.grid.map { lattice.controlPoints(for: $0.extended).count }.max()!
      let run = NoOperationRun(folder: RunFolder(URL(fileURLWithPath: folder + "/nothing")), count: tasks.count, fileBytes: fieldBytes)
      let handing = try await run.run()
      say("registration of \(arguments.voxels)³ voxels in \(phantom.registration.grid.count) blocks, \(tasks.count) tasks, 1 thread")
      func row(_ name: String, _ seconds: Double) -> [String] { [name, seconds.text(3), (100 * seconds / phantom.seconds).text(2)] }
      say(
        Table.text(
          ["part", "seconds", "% of the run"],
          [
            row("whole run", phantom.seconds), row("inside tasks", inside),
            row("outside tasks: opening, planning, journal, publication", phantom.seconds - inside),
            row("as many empty tasks, each with its line and a file of \(fieldBytes / 1000) kB on the disk", handing),
          ]))
    }
  }
}
