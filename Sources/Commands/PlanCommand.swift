// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft plan register`
enum PlanCommand {
  static let command = Command<RegistrationArguments>(
    "plan register", "show what a registration would do: blocks, memory, disk",
    discussion: [
      "Takes what `weft register` takes and reads no voxel. `weft register --dry-run` prints the same.", RegistrationArguments.inputs,
    ],
    defaults: RegistrationArguments(), positionals: RegistrationArguments.positionals,
    groups: [
      OptionGroup("Output", RegistrationArguments.talking), RegistrationArguments.blocks, RegistrationArguments.method,
      RegistrationArguments.images, RegistrationArguments.result, RegistrationArguments.machine,
    ],
    examples: [
      CommandExample("see how a pair would be cut into blocks under 8 GB", "weft plan register fixed.ome.zarr moving.ome.zarr --memory 8GB")
    ])

  static let verb = Verb(command) { arguments, console in
    try show(arguments.registration().plan, arguments, console)
    return .done
  }

  static func show(_ plan: RegistrationPlan, _ arguments: RegistrationArguments, _ console: Console) throws {
    let record = PlanRecord(plan)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
  }
}

/// What is printed of a plan.
struct PlanRecord: Encodable {
  let preset: String
  let presetReason: String
  let extent: [Int]
  let grid: [Int]
  let blocks: Int
  let core: [Int]
  let halo: [Int]
  let overlap: String
  let fixedFactors: [Int]
  let movingFactors: [Int]
  let coarseExtent: [Int]
  let memoryBudget: Int
  let expectedMemory: Int
  let threads: Int
  let blocksAtOnce: Int
  let outputBytes: Int
  let workBytes: Int
  let notes: [String]

  init(_ plan: RegistrationPlan) {
    let rank = plan.extent.rank
    preset = plan.preset.rawValue
    presetReason = plan.presetReason
    extent = plan.extent.lengths
    grid = Array(plan.grid.shape.lengths.suffix(rank))
    blocks = plan.grid.count
    core = Array(plan.grid.core.lengths.suffix(rank))
    halo = Array(plan.grid.halo.lengths.suffix(rank))
    overlap = plan.overlap.description
    fixedFactors = Array(plan.fixedFactors.suffix(rank))
    movingFactors = Array(plan.movingFactors.suffix(rank))
    coarseExtent = Array(plan.coarseExtent.lengths.suffix(rank))
    memoryBudget = plan.memory.bytes
    expectedMemory = plan.expectedMemory
    threads = plan.threads
    blocksAtOnce = plan.blocksAtOnce
    outputBytes = plan.outputBytes
    workBytes = plan.workBytes
    notes = plan.notes
  }

  var text: String {
    let rows = [
      ("preset", "\(preset): \(presetReason)"), ("fixed", Numbers.lengths(extent) + " voxels"),
      (
        "coarse",
        "\(Numbers.lengths(coarseExtent)) voxels (fixed averaged by \(Numbers.lengths(fixedFactors)), moving by \(Numbers.lengths(movingFactors)))"
      ),
      ("blocks", "\(blocks) (\(Numbers.lengths(grid))) of \(Numbers.lengths(core)) voxels"),
      ("overlap", "\(overlap): \(Numbers.lengths(halo)) voxels on each side"), ("at once", "\(blocksAtOnce) blocks on \(threads) threads"),
      ("memory", "\(MemoryBudget.describe(expectedMemory)) expected of \(MemoryBudget.describe(memoryBudget))"),
      ("disk", "\(MemoryBudget.describe(outputBytes)) before compression, \(MemoryBudget.describe(workBytes)) more while it runs"),
    ]
    return ([Numbers.table(rows)] + notes.map { "note: \($0)" }).joined(separator: "\n")
  }
}
