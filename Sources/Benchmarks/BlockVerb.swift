// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Filtering
import Foundation
import Weft

/// `weft-benchmarks block`
enum BlockVerb {
  struct Arguments: PairArguments {
    var fixed: String?
    var moving: String?
    var side = 600
    var core = 256
    var peers = "greedy,elastix,ants"
    var data: String?
    var repeats = 3
    var threads = 2
    var work: String?
  }

  static let command = Command<Arguments>(
    "block", "the whole fine step of one block, beside peers on the same block",
    discussion: [
      "Registers a phantom or a given pair coarsely, then measures the fine step of the block in its middle, with its halo (--overlap "
        + "0.15): read, pre-warp, deform, the quality row, store the field. The peers get the same voxels as NIfTI: core and halo of the "
        + "fixed image, and the moving image as the coarse transform brings it there. Their seconds are those of their process without "
        + "what it spends on imports; Weft's are of the step, its peak memory is that of this process from the step on. All have two "
        + "threads, and run in turn. Likeness and folding are those of the core."
    ],
    defaults: Arguments(),
    positionals: Arguments.positionals(fixed: \.fixed, moving: \.moving),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--size", at: \.side, "N", "Side of the phantom"), .value("--core", at: \.core, "N", "Side of the block without halo"),
          .value("--peers", at: \.peers, "NAME,…", "Some of \(Peers.all.joined(separator: ", ")); or none"),
          .value(
            "--data", at: \.data, "FOLDER", "The shared folder, which holds the scripts that run peers",
            fallback: "$WEFT_SHARED, else `shared` beside the package", completion: .directory),
          .value("--repeat", at: \.repeats, "N", "Turns, of which the median is told"),
          .value(
            "--work", at: \.work, "FOLDER", "Where the block and the results are kept", fallback: "nowhere", completion: .directory),
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks block --size 150 --core 64 --repeat 1")],
    check: { (arguments) throws(UsageError) in
      try arguments.checkPair("block")
      try require(arguments.core, atLeast: 16, "`--core`")
      try require(arguments.repeats, atLeast: 1, "`--repeat`")
      try Peers.check(arguments.peers, among: Peers.all)
    })

  static let verb = Verb(command) { arguments in
    if let data = arguments.data { try Program.shared(around: data) }
    try await withTemporaryFolder { folder in
      let paths = try await arguments.paths(folder)
      var options = RegistrationOptions.preset(.medium)
      options.blockExtent = [arguments.core]
      options.threads = arguments.threads
      let registration = try ChunkedRegistration(fixed: .open(paths.fixed), moving: .open(paths.moving), options: options)
      guard registration.plan.extent.rank == 3 else { throw BenchmarkError("\(paths.fixed) is 2D", hint: "this is measured on volumes") }
      let coarse = try await registration.registerCoarse()
      try await measure(registration, coarse, arguments, work: arguments.work ?? folder + "/work")
    }
  }

  private static func measure(
    _ registration: ChunkedRegistration, _ coarse: CoarseRegistration, _ arguments: Arguments, work: String
  ) async throws {
    let middle = registration.grid.owner(of: registration.grid.extent.lengths.map { $0 / 2 })
    let block = registration.grid.block(at: middle)
    let (pair, out) = (work + "/block", work + "/weft")
    for folder in [pair, out] { try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    guard let volumes = try registration.blockVolumes(block.number, coarse, threads: arguments.threads) else {
      throw BenchmarkError("the block in the middle lies outside the moving image", hint: "take another pair")
    }
    // In units of the finest spacing, about the origin: peers' steps and tolerances are made for millimetres.
    let spacing = volumes.fixed.space.spacing
    let space = PhysicalSpace(spacing: spacing.map { $0 / spacing.min()! })
    try writeNIfTI(Volume(voxels: volumes.fixed.voxels, space: space), to: pair + "/fixed.nii")
    try writeNIfTI(Volume(voxels: volumes.moving.voxels, space: space), to: pair + "/moving.nii")
    try writeCore(block, Volume(voxels: volumes.fixed.voxels, space: space), in: pair)
    say("block of \(block.core.extent) voxels, with its halo \(block.extended.extent)")
    for turn in 0..<arguments.repeats {
      // From here on the peak is the step's.
      try? Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/self/clear_refs"))
      let (record, took) = try Seconds.of { try registration.registerBlock(block.number, coarse, in: out, threads: arguments.threads) }
      let peak = PeakMemory.bytes()
      guard record.state == .registered else {
        throw BenchmarkError("the block ended as `\(record.state.rawValue)`", hint: "take a pair whose middle has something to register")
      }
      if turn == 0 {
        let (before, after) = (record.metricBefore ?? .nan, record.metricAfter ?? .nan)
        say("quality row, local correlation in the foreground of the core: \(before.text(4)) before, \(after.text(4)) after")
      }
      var result = try judged(registration, block, out: out, pair: pair, data: arguments.data)
      result.merge(["wall": took.wall, "cpu": took.cpu, "peak": Double(peak)]) { $1 }
      try keep(result, turn: turn, work: work)
      try Program.python(
        "compare.py", ["--cases", pair, "--peers", arguments.peers, "--without-weft", "--turn", String(turn), "--work", work],
        data: arguments.data)
    }
    try Program.python("compare.py", ["--table", "--work", work], data: arguments.data)
  }

  /// Writes what is judged: the core of the fixed image, and where it lies.
  private static func writeCore(_ block: Block, _ fixed: Volume, in pair: String) throws {
    let core = block.core.relative(to: block.extended.lower)
    try FileManager.default.createDirectory(atPath: pair + "/core", withIntermediateDirectories: true)
    try writeNIfTI(Volume(voxels: fixed.voxels.cropped(to: core), space: fixed.space), to: pair + "/core/fixed.nii")
    let moving = URL(fileURLWithPath: pair + "/core/moving.nii")
    try? FileManager.default.removeItem(at: moving)
    try FileManager.default.createSymbolicLink(atPath: moving.path, withDestinationPath: "../moving.nii")
    let box = [Array(core.lower.reversed()), Array(core.upper.reversed())]
    try Data("\(box)\n".utf8).write(to: URL(fileURLWithPath: pair + "/core/box.json"))
  }

  /// What the evaluation that judges peers says of the block's field.
  private static func judged(
    _ registration: ChunkedRegistration, _ block: Block, out: String, pair: String, data: String?
  ) throws -> [String: Double] {
    let displacement = try registration.blockDisplacement(block.number, in: out)
    let identity = LinearMap(matrix: [1, 0, 0, 0, 1, 0, 0, 0, 1], offset: [0, 0, 0])
    let positions = mappedPositions(displacement.extent, displacement: displacement, map: identity, warp: nil, threads: 2)
    try MapFile.write(positions, movingExtent: displacement.extent.lengths, into: out)
    return try MapFile.judged(out, pair: pair, data: data)
  }

  /// Adds a line to the results that compare.py makes its table of.
  private static func keep(_ result: [String: Double], turn: Int, work: String) throws {
    let date = Date.now.formatted(.iso8601.year().month().day())
    let record = result.merging(["repeat": Double(turn)]) { $1 } as [String: Any]
    let named = record.merging(["case": "block", "tool": "weft", "date": date]) { $1 }
    let path = work + "/results.jsonl"
    if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    try file.seekToEnd()
    try file.write(contentsOf: JSONSerialization.data(withJSONObject: named, options: .sortedKeys) + Data("\n".utf8))
    try file.close()
  }
}
