// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft plan segment`
enum PlanSegmentCommand {
  static let command = Command<SegmentArguments>(
    "plan segment", "show what a segmentation would take: tiles, tasks, memory",
    discussion: [
      "Takes what `weft segment` takes and segments nothing. Programs are started to be asked what they need, and tried on two tiles where "
        + "--tile-shape is auto.",
      "With --output or --into the plan is recorded where the run would be: `weft resume LABELS` runs it, with these tiles; `weft cancel LABELS "
        + "--clean` drops it.",
    ],
    defaults: SegmentArguments(), positionals: SegmentArguments.positionals,
    groups: [
      SegmentArguments.place, SegmentArguments.method, SegmentArguments.tiles, SegmentArguments.file, SegmentArguments.result,
      SegmentArguments.machine,
    ],
    examples: [
      CommandExample("see how an image would be cut into tiles under 8 GB", "weft plan segment image.ome.zarr --diameter 8um --memory 8GB"),
      CommandExample(
        "plan now, run later", "weft plan segment image.ome.zarr --output labels.ome.zarr --diameter 8um && weft resume labels.ome.zarr"),
    ],
    check: { (arguments) throws(UsageError) in
      try arguments.check()
      try arguments.checkPlace(isNeeded: false, verb: "plan segment")
    })

  static let verb = Verb(command) { arguments, console in
    let progress = ProgressDisplay.make(console, arguments.output)
    let target = try arguments.target()
    let estimate = try arguments.segmentation(progress: progress).plan(recordedFor: target)
    progress.close()
    let record = SegmentationPlanRecord(estimate, target?.path)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }
}

/// What is printed of the plan of a segmentation.
private struct SegmentationPlanRecord: Encodable {
  let method: String
  let extent: [Int]
  let times: Int
  let tiles: Int
  let grid: [Int]
  let core: [Int]
  let halo: [Int]
  let margin: [Int]
  let tilesAtOnce: Int
  let tileBytes: Int
  let expectedMemory: Int
  let memoryBudget: Int
  let tasks: Int
  let stages: [String: Int]
  let notes: [String]
  /// What `weft resume` runs; `nil` where nothing was recorded.
  let recorded: String?

  init(_ estimate: SegmentationEstimate, _ recorded: String?) {
    method = estimate.method
    extent = estimate.grid.extent.lengths
    times = estimate.times
    tiles = estimate.times * estimate.grid.count
    grid = estimate.grid.shape.lengths
    core = estimate.grid.core.lengths
    halo = estimate.grid.halo.lengths
    margin = estimate.margin
    tilesAtOnce = estimate.tilesAtOnce
    tileBytes = estimate.tileBytes
    expectedMemory = estimate.expectedMemory
    memoryBudget = estimate.memory.bytes
    tasks = estimate.tasks
    stages = Dictionary(uniqueKeysWithValues: estimate.stages.map { ($0.name, $0.tasks) })
    notes = estimate.notes
    self.recorded = recorded
  }

  var text: String {
    var rows = [
      ("method", method), ("image", Numbers.lengths(extent) + " voxels" + (times > 1 ? ", \(times) time points" : "")),
      ("tiles", "\(tiles) (\(Numbers.lengths(grid))\(times > 1 ? " each time" : "")) of \(Numbers.lengths(core)) voxels"),
      (
        "halo",
        "\(Numbers.lengths(halo)) voxels on each side" + (margin.contains { $0 > 0 } ? ", \(Numbers.lengths(margin)) more are read" : "")
      ),
      ("at once", "\(tilesAtOnce) tile\(tilesAtOnce == 1 ? "" : "s")"), ("tasks", "\(tasks) in \(stages.count) stages"),
      ("memory", "\(MemoryBudget.describe(expectedMemory)) expected of \(MemoryBudget.describe(memoryBudget))"),
    ]
    if let recorded { rows.append(("to run it", "weft resume \(recorded)")) }
    return ([Numbers.table(rows)] + notes.map { "note: \($0)" }).joined(separator: "\n")
  }
}
