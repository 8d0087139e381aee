// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Weft

/// `weft plan register`
enum PlanCommand {
  static let command = Command<PlanArguments>(
    "plan register", "show what a registration would take: blocks, tasks, files, memory, time",
    discussion: [
      "Takes what `weft register` takes and reads no voxel. `weft register --dry-run` prints the same. Images that are not at hand are "
        + "described: `--fixed-shape 20000,40000,60000 --fixed-dtype uint16` in place of FIXED and MOVING.",
      "With several moving images there is a plan for each: one runs after the other, so that memory is that of the largest, and disk and time add up.",
      "Core-hours come from rates that were measured on one machine; take them for the right order of magnitude.",
      RegistrationArguments.inputs,
    ],
    defaults: PlanArguments(),
    positionals: [
      .value("FIXED", at: \.registration.fixed, "The image that stays", isRequired: false),
      .repeated("MOVING", at: \.registration.moving, "The image that is brought onto it, or several rounds", isRequired: false),
    ],
    groups: [
      OptionGroup(
        "Described images",
        [
          shape("--fixed-shape", \.fixedShape, "Voxels of a fixed image that is not at hand", fallback: "FIXED"),
          .parsed(
            "--fixed-dtype", at: \.fixedType, "TYPE", "Its voxels: uint8, uint16, float32, …", expected: "a number format, as uint16",
            fallback: "uint16"
          ) { VoxelType(rawValue: $0).map(Optional.some) },
          shape("--moving-shape", \.movingShape, "Voxels of a moving image that is not at hand", fallback: "those of the fixed one"),
          .parsed(
            "--moving-dtype", at: \.movingType, "TYPE", "Its voxels", expected: "a number format, as uint16",
            fallback: "those of the fixed one"
          ) { VoxelType(rawValue: $0).map(Optional.some) },
        ]), OptionGroup("Output", PlanArguments.talking),
    ]
      + [
        RegistrationArguments.blocks, RegistrationArguments.method,
        RegistrationArguments.images, RegistrationArguments.result, RegistrationArguments.machine,
      ].map { $0.inside(\.registration) },
    examples: [
      CommandExample(
        "see how a pair would be cut into blocks under 8 GB", "weft plan register fixed.ome.zarr moving.ome.zarr --memory 8GB"),
      CommandExample(
        "see what a volume of 96 TB would take on machines with 64 GB",
        "weft plan register --fixed-shape 20000,40000,60000 --fixed-dtype uint16 --memory 64GB"),
    ],
    check: { (arguments) throws(UsageError) in
      let (fixed, moving) = (arguments.registration.fixed, arguments.registration.moving)
      if arguments.fixedShape != nil {
        guard fixed.isEmpty else {
          throw UsageError("both `\(fixed)` and `--fixed-shape` are given", hint: "name images, or describe them")
        }
      } else if fixed.isEmpty || moving.isEmpty {
        throw UsageError(
          "`plan register` needs FIXED and MOVING",
          hint: "name two images, or describe them, as --fixed-shape 1000,2000,2000 --fixed-dtype uint16")
      } else if arguments.movingShape != nil || arguments.fixedType != nil || arguments.movingType != nil {
        throw UsageError("images are both named and described", hint: "name images, or describe them with --fixed-shape")
      }
    })

  private static func shape(
    _ name: String, _ field: any WritableKeyPath<PlanArguments, [Int]?> & Sendable, _ summary: String, fallback: String
  ) -> Option<PlanArguments> {
    .parsed(name, at: field, "Z,Y,X", summary, expected: "a whole number above 0 for each axis, as Z,Y,X", fallback: fallback) {
      Values.lengths($0).flatMap { $0.count > 1 ? Optional.some($0) : nil }
    }
  }

  static let verb = Verb(command) { arguments, console in
    if let described = try arguments.described() {
      try show(described, arguments.output, console)
    } else {
      try show(arguments.registration, console)
    }
    return .done
  }

  /// Shows the plan of images that are at hand: of one pair, or of each round.
  static func show(_ arguments: RegistrationArguments, _ console: Console) throws {
    guard arguments.areRounds else { return try show(arguments.registration(), arguments.output, console) }
    let record = RoundsPlanRecord(try arguments.rounds())
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
  }

  private static func show(_ registration: ChunkedRegistration, _ output: OutputArguments, _ console: Console) throws {
    let record = PlanRecord(registration.plan, registration.estimate)
    if output.json { try console.print(json: record) } else { console.print(record.text) }
  }
}

/// What `plan register` is asked.
struct PlanArguments: TalkingArguments {
  var registration = RegistrationArguments()
  var fixedShape: [Int]?
  var fixedType: VoxelType?
  var movingShape: [Int]?
  var movingType: VoxelType?
  var output: OutputArguments {
    get { registration.output }
    set { registration.output = newValue }
  }

  /// The registration of images that are described; `nil` where they are named.
  func described() throws -> ChunkedRegistration? {
    guard let fixedShape else { return nil }
    let type = fixedType ?? .uint16
    let (fixedSpacing, movingSpacing) = (registration.fixedSpacing, registration.movingSpacing ?? registration.fixedSpacing)
    return try ChunkedRegistration(
      fixed: .described(as: "--fixed-shape", extent: fixedShape, voxelType: type, spacing: fixedSpacing),
      moving: .described(
        as: "--moving-shape", extent: movingShape ?? fixedShape, voxelType: movingType ?? type, spacing: movingSpacing),
      options: registration.options)
  }
}

/// What is printed of the plans of several rounds.
struct RoundsPlanRecord: Encodable {
  struct Round: Encodable {
    let name: String
    let moving: String
    let plan: PlanRecord
  }

  let rounds: [Round]

  init(_ registration: RoundRegistration) {
    rounds = registration.rounds.map { round in
      Round(
        name: round.name, moving: round.registration.moving.path,
        plan: PlanRecord(round.registration.plan, round.registration.estimate))
    }
  }

  var text: String { rounds.map { "\($0.name): \($0.moving)\n\($0.plan.text)" }.joined(separator: "\n\n") }
}

/// What is printed of a plan.
struct PlanRecord: Encodable {
  struct Level: Encodable {
    let scale: Int
    let factors: [Int]
    let extent: [Int]
    let grid: [Int]
    let blocks: Int
    let core: [Int]
    let halo: [Int]
    let blocksAtOnce: Int

    init(_ level: BlockLevel, rank: Int) {
      scale = level.scale
      factors = Array(level.factors.suffix(rank))
      extent = Array(level.grid.extent.lengths.suffix(rank))
      grid = Array(level.grid.shape.lengths.suffix(rank))
      blocks = level.grid.count
      core = Array(level.grid.core.lengths.suffix(rank))
      halo = Array(level.grid.halo.lengths.suffix(rank))
      blocksAtOnce = level.blocksAtOnce
    }

    var text: String {
      "\(blocks) (\(Numbers.lengths(grid))) of \(Numbers.lengths(core)) voxels, of \(Numbers.lengths(extent)) averaged by "
        + "\(Numbers.lengths(factors)); overlap \(Numbers.lengths(halo))"
    }
  }

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
  /// Levels of blocks before full resolution, coarsest first; `nil` for none.
  let coarserLevels: [Level]?
  let memoryBudget: Int
  let expectedMemory: Int
  let threads: Int
  let blocksAtOnce: Int
  let outputBytes: Int
  let workBytes: Int
  let levels: [[Int]]
  let tasks: Int
  let stages: [String: Int]
  let files: Int
  let workFiles: Int
  let coreHours: Double
  let notes: [String]

  init(_ plan: RegistrationPlan, _ estimate: RegistrationEstimate) {
    levels = estimate.levels.map(\.lengths)
    tasks = estimate.tasks
    stages = Dictionary(uniqueKeysWithValues: estimate.stages.compactMap { stage in stage.tasks.map { (stage.name, $0) } })
    files = estimate.files
    workFiles = estimate.workFiles
    coreHours = estimate.coreHours
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
    coarserLevels = plan.levels.count > 1 ? plan.levels.dropLast().map { Level($0, rank: rank) } : nil
    memoryBudget = plan.memory.bytes
    expectedMemory = plan.expectedMemory
    threads = plan.threads
    blocksAtOnce = plan.blocksAtOnce
    outputBytes = plan.outputBytes
    workBytes = plan.workBytes
    notes = plan.notes
  }

  var text: String {
    let rows =
      [
        ("preset", "\(preset): \(presetReason)"), ("fixed", Numbers.lengths(extent) + " voxels"),
        (
          "coarse",
          "\(Numbers.lengths(coarseExtent)) voxels (fixed averaged by \(Numbers.lengths(fixedFactors)), moving by \(Numbers.lengths(movingFactors)))"
        ),
      ] + (coarserLevels ?? []).map { ("blocks at \($0.scale)", $0.text) } + [
        ("blocks", "\(blocks) (\(Numbers.lengths(grid))) of \(Numbers.lengths(core)) voxels"),
        ("overlap", "\(overlap): \(Numbers.lengths(halo)) voxels on each side"),
        ("at once", "\(blocksAtOnce) blocks on \(threads) threads"),
        (
          "result",
          "\(levels.count) level\(levels.count == 1 ? "" : "s"), \(Numbers.lengths(levels[0])) to \(Numbers.lengths(levels[levels.count - 1])) voxels"
        ),
        ("tasks", "\(tasks) in \(stages.count) stages"),
        ("memory", "\(MemoryBudget.describe(expectedMemory)) expected of \(MemoryBudget.describe(memoryBudget))"),
        (
          "disk",
          "\(MemoryBudget.describe(outputBytes)) before compression, \(MemoryBudget.describe(workBytes)) more while it runs; the blocks' own fields "
            + "of that stay, unless --drop-blocks"
        ),
        ("files", "\(files) in the result, \(workFiles) more while it runs"),
        ("time", "about \(Numbers.text(coreHours, digits: coreHours < 10 ? 2 : 0)) core-hours"),
      ]
    return ([Numbers.table(rows)] + notes.map { "note: \($0)" }).joined(separator: "\n")
  }
}
