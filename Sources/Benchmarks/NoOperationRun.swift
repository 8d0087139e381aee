// SPDX-License-Identifier: Apache-2.0

import Foundation
import Weft

/// A run of one stage whose tasks do nothing but write a file, or not even that: what is left is the cost of tasks and journal.
struct NoOperationRun: StagedRun {
  let folder: RunFolder
  let count: Int
  /// What each task writes; none where 0.
  let fileBytes: Int

  var outlines: [StageOutline] { [StageOutline("nothing", parameters: ["bytes": "\(fileBytes)"], tasks: count)] }

  func stage(_ name: String, journal: Journal) -> Stage {
    let data = Data(count: fileBytes)
    return Stage(name, tasks: .all(count), width: 1) { task in
      if data.isEmpty { return TaskOutcome(state: "done") }
      let url = folder.stage(name).appendingPathComponent("\(task)")
      try data.write(to: url, options: .atomic)
      let handle = try FileHandle(forUpdating: url)
      try handle.synchronize()
      try handle.close()
      return TaskOutcome(state: "done", files: ["\(task)": data.count])
    }
  }

  /// Runs what is still to be done, and tells the seconds.
  func run() async throws -> Double {
    let start = ContinuousClock.now
    _ = try folder.adopt(outlines)
    try await LocalExecutor(folder: folder).run(self)
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
