// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import ImageFiles
import Weft

/// `weft-benchmarks verdicts`
enum VerdictsVerb {
  struct Arguments: Sendable {
    var runs = 20
    var side = 144
    var core = 48
    var bad = 1.5
    var isListing = false
  }

  static let command = Command<Arguments>(
    "verdicts", "what the verdicts on blocks are worth, where the truth is known",
    discussion: [
      "Registers phantoms, one in four as they are, the others spoiled: by a start that is 4 to 16 voxels off and a fine stage alone; by "
        + "noise in place of two blocks of the fixed image; by tissue that is missing in the moving one. Then holds each block's verdict "
        + "against its true mean error over the organ: recall is the part of the bad blocks that are flagged, precision the part of the "
        + "flagged blocks that are bad. Blocks that hardly meet the organ are left out.",
      "A block that is flagged because noise or nothing lies in its place counts against precision where the map is right by what lies around it.",
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--runs", at: \.runs, "N", "Phantoms"), .value("--size", at: \.side, "N", "Side of a phantom"),
          .flag("--list", at: \.isListing, "Tell of each block that is bad or flagged"),
          .value("--core", at: \.core, "N", "Side of a block"), .value("--bad", at: \.bad, "VOXELS", "The error from which a block is bad"),
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks verdicts --runs 4 --size 96 --core 32")],
    check: { (arguments) throws(UsageError) in
      try require(arguments.runs, atLeast: 1, "`--runs`")
      try require(arguments.side, atLeast: 64, "`--size`")
      try require(arguments.core, atLeast: 16, "`--core`")
    })

  static let verb = Verb(command) { arguments in
    var total = Counts()
    var rows: [[String]] = []
    for (name, failure) in failures.enumerated().map({ ($1.name, $0) }) {
      var counts = Counts()
      for run in stride(from: failure, to: arguments.runs, by: failures.count) {
        try await withTemporaryFolder { folder in
          counts.add(try await measure(failures[failure], seed: UInt64(run + 1), arguments, in: folder))
        }
      }
      rows.append([name] + counts.cells)
      total.add(counts)
    }
    rows.append(["all"] + total.cells)
    say("\(arguments.runs) phantoms of \(arguments.side)³ voxels in blocks of \(arguments.core)³; bad: above \(arguments.bad) voxels")
    say(Table.text(["spoiled by", "blocks", "bad", "flagged", "both", "recall", "precision"], rows))
  }

  /// Blocks that meet the organ, those that are bad, those that are flagged, those that are both.
  private struct Counts {
    var (blocks, bad, flagged, both) = (0, 0, 0, 0)

    mutating func add(_ other: Counts) {
      blocks += other.blocks
      bad += other.bad
      flagged += other.flagged
      both += other.both
    }

    var cells: [String] {
      [blocks, bad, flagged, both].map(String.init)
        + [Double(both) / Double(bad), Double(both) / Double(flagged)].map { $0.text(3) }
    }
  }

  private struct Failure: Sendable {
    var name: String
    /// Changes the fixed and the moving voxels, in blocks of so many.
    var spoil: @Sendable (inout VoxelBuffer<Float>, inout VoxelBuffer<Float>, Int, inout Draws) -> Void = { _, _, _, _ in }
    var startsWrong = false
  }

  private static let failures = [
    Failure(name: "nothing"),
    Failure(name: "a wrong start", startsWrong: true),
    Failure(name: "noise") { fixed, _, core, draws in
      for box in boxes(of: fixed.extent, core: core, &draws) {
        let level = fixed.cropped(to: box).elements.reduce(0, +) / Float(box.count)
        let noise = (0..<box.count).map { _ in 2 * level * draws.unit() }
        fixed.copy(from: VoxelBuffer(extent: box.extent, elements: noise), box: box.extent.box, at: box.lower)
      }
    },
    Failure(name: "missing tissue") { _, moving, core, draws in
      for box in boxes(of: moving.extent, core: 3 * core / 2, &draws) {
        moving.copy(from: VoxelBuffer(extent: box.extent), box: box.extent.box, at: box.lower)
      }
    },
  ]

  /// Two boxes off the border.
  private static func boxes(of extent: Extent, core: Int, _ draws: inout Draws) -> [Box] {
    (0..<2).map { _ in
      let lower = extent.lengths.map { length -> Int in
        let places = max(1, length / core)
        return min(Int(draws.unit() * Float(places)), places - 1) * core
      }
      return Box(lower: lower, upper: zip(lower, extent.lengths).map { min($0 + core, $1) })
    }
  }

  private static func measure(_ failure: Failure, seed: UInt64, _ arguments: Arguments, in folder: String) async throws -> Counts {
    var phantom = PhantomOptions()
    (phantom.shape, phantom.seed) = ([Int](repeating: arguments.side, count: 3), seed)
    try await Phantom(phantom).write(into: folder)
    var draws = Draws(seed: seed)
    var (fixed, moving) = (try loadVolume(folder + "/fixed.ome.zarr"), try loadVolume(folder + "/moving.ome.zarr"))
    failure.spoil(&fixed.voxels, &moving.voxels, arguments.core, &draws)
    try writeNIfTI(fixed, to: folder + "/fixed.nii")
    try writeNIfTI(moving, to: folder + "/moving.nii")
    var options = RegistrationOptions.preset(.auto)
    options.blockExtent = [arguments.core]
    if failure.startsWrong {
      try await run(options, folder, "first")
      let path = folder + "/first/transforms/affine.mat"
      var affine = try Transforms.AffineTransform.read(contentsOf: path)
      let way = (0..<3).map { _ in Double(draws.unit()) - 0.5 }
      let length = way.map { $0 * $0 }.reduce(0, +).squareRoot()
      // NIfTI files are in millimetres.
      let off = 0.001 * (4 + 12 * Double(draws.unit())) / max(length, 0.01)
      affine.offset = zip(affine.offset, way).map { $0 + off * $1 }
      try affine.write(to: folder + "/wrong.mat")
      options.initialTransform = folder + "/wrong.mat"
      options.stages = [.fine]
    }
    let result = try await run(options, folder, "out")
    let transforms = try TransformFolder.open(folder + "/out")
    let truth = try PhantomTruth.read(from: folder)
    var counts = Counts()
    for record in result.blocks where record.verdict != .background && record.verdict != .outside {
      guard let error = try EndPointErrors.mean(of: transforms, against: truth, in: record.block.core) else { continue }
      counts.blocks += 1
      if error > arguments.bad { counts.bad += 1 }
      if record.verdict.isFlagged { counts.flagged += 1 }
      if error > arguments.bad && record.verdict.isFlagged { counts.both += 1 }
      if arguments.isListing, error > arguments.bad || record.verdict.isFlagged {
        let quality = record.quality
        let numbers = [error, quality?.residual, quality?.evidencePercent, quality?.forwardBackward, quality?.tissuePercent]
        say("  \(failure.name) \(seed), block \(record.block.number): \(record.verdict) \(numbers.map { $0?.text(2) ?? "–" })")
      }
    }
    return counts
  }

  @discardableResult private static func run(_ options: RegistrationOptions, _ folder: String, _ output: String) async throws
    -> RegistrationResult
  {
    try await ChunkedRegistration(fixed: .open(folder + "/fixed.nii"), moving: .open(folder + "/moving.nii"), options: options)
      .run(into: folder + "/" + output)
  }
}

/// Random numbers that are the same in every run.
private struct Draws: Sendable {
  let seed: UInt64
  private var count: UInt64 = 0

  init(seed: UInt64) { self.seed = seed }

  /// From 0 to below 1.
  mutating func unit() -> Float {
    defer { count += 1 }
    return Float(PlaceHash.uniform(count, seed: seed))
  }
}
