// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Filtering
import Foundation
import Weft

/// `weft-benchmarks apply`
enum ApplyVerb {
  struct Arguments: Sendable {
    var side = 512
    var rounds = 3
    var peers = "antspyx,simpleitk"
    var large = 1600
    var memory = "3GB"
    var work: String?
  }

  private static let peers = ["antspyx", "simpleitk"]

  static let command = Command<Arguments>(
    "apply", "a registration's transforms applied to an image beside other programs, and to one larger than the memory",
    discussion: [
      "A phantom is registered; then each program in turn brings the moving image onto the fixed voxels through the whole map, linearly, on two "
        + "threads. Weft reads and writes OME-Zarr, compressed and with all levels: the process from beginning to end. The peers read and "
        + "write uncompressed NIfTI, the map as displacements at every voxel; what their libraries take to be loaded is left out. Whether all show "
        + "the same is checked.",
      "Then an image of the same volume at a finer resolution, 8 GB if not told otherwise, is brought onto voxels as fine as its own.",
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--side", at: \.side, "N", "Voxels along each axis of the phantom"),
          .value("--rounds", at: \.rounds, "N", "Rounds in which each program takes its turn; 0 leaves them out"),
          .value("--peers", at: \.peers, "NAME,…", "Some of \(peers.joined(separator: ", ")); or none"),
          .value("--large", at: \.large, "N", "Voxels along each axis of the large image; 0 leaves it out"),
          .value("--memory", at: \.memory, "SIZE", "The memory that is allowed for it"),
          .parsed(
            "--work", at: \.work, "DIR", "Keep phantom and registration here, and take them where they are there", expected: "a folder",
            fallback: "a temporary folder", completion: .directory
          ) { .some($0) },
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks apply --side 128 --rounds 1 --large 256 --memory 300MB")],
    check: { (arguments) throws(UsageError) in
      try require(arguments.side, atLeast: 128, "`--side`")
      try require(arguments.rounds, atLeast: 0, "`--rounds`")
      try require(arguments.large, atLeast: 0, "`--large`")
      try Peers.check(arguments.peers, among: peers)
    })

  static let verb = Verb(command) { arguments in
    try await withTemporaryFolder { folder in
      let weft = try Program.weft()
      let place = arguments.work ?? folder
      let pair = (fixed: place + "/fixed.ome.zarr", moving: place + "/moving.ome.zarr")
      if !FileManager.default.fileExists(atPath: place + "/out") {
        if !FileManager.default.fileExists(atPath: pair.fixed) { _ = try await makePhantom(side: arguments.side, in: place) }
        try Program.run(weft, ["register", pair.fixed, pair.moving, "-o", place + "/out", "-q"])
      }
      let extent = try StoredImage.open(pair.fixed).levels[0].source.extent
      if arguments.rounds > 0 { try compare(weft, arguments, pair, place + "/out", extent, in: folder) }
      if arguments.large > 0 { try large(weft, arguments, pair.moving, place + "/out", in: folder) }
    }
  }

  private static func compare(
    _ weft: String, _ arguments: Arguments, _ pair: (fixed: String, moving: String), _ out: String, _ extent: Extent, in folder: String
  ) throws {
    let others = arguments.peers == "none" ? [] : arguments.peers.split(separator: ",").map(String.init)
    let (fixed, moving, warp, result) = (folder + "/fixed.nii", folder + "/moving.nii", folder + "/warp.nii", folder + "/result")
    if !others.isEmpty {
      try Program.run(weft, ["convert", pair.fixed, fixed, "-q"])
      try Program.run(weft, ["convert", pair.moving, moving, "-q"])
      try Program.run(weft, ["transform", "convert", out, warp, "-q"])
    }
    let apply = ["apply", "-q", "-t", out, "-i", pair.moving, "--threads", "2", "--overwrite", "-o"]
    var (took, parts, memory): ([String: [Double]], [String: [[Double]]], [Double]) = ([:], [:], [])
    for round in 0..<arguments.rounds {
      let measured = try Program.measured(weft, apply + [result + ".ome.zarr"], in: folder)
      took["weft", default: []].append(measured.seconds)
      memory.append(measured.bytes)
      for peer in others {
        let told = String(
          decoding: try Program.python("apply.py", ["apply", peer, fixed, moving, warp, result + ".nii"], isShown: false), as: UTF8.self)
        let seconds = told.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard seconds.count == 3 else { throw BenchmarkError("apply.py told `\(told)` instead of three times") }
        took[peer, default: []].append(seconds.reduce(0, +))
        parts[peer, default: []].append(seconds)
        if round == 0 {
          try Program.run(weft, apply + [folder + "/own.nii"])
          let difference = try Program.python("apply.py", ["compare", folder + "/own.nii", result + ".nii"], isShown: false)
          let text = String(decoding: difference, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
          guard let part = Double(text), part < 0.01 else { throw BenchmarkError("\(peer) shows another image than Weft: \(text)") }
          say("  \(peer) differs by \((part * 100).text(3)) % of the mean")
        }
      }
    }
    let voxels = Double(extent.count)
    let own = took["weft"]!
    var rows = [["Weft, all", median(own).text(2), (voxels / median(own) / 1e6).text(1), "1.0", (median(memory) / 1e6).text(0)]]
    func ratio(_ times: [Double]) -> String { median(zip(times, own).map { $0 / $1 }).text(1) }
    for peer in others {
      for (name, times) in [(", all", took[peer]!), (", resampling alone", parts[peer]!.map { $0[1] })] {
        rows.append([peer + name, median(times).text(2), (voxels / median(times) / 1e6).text(1), ratio(times), "–"])
      }
    }
    say("\(extent) voxels, 2 threads, medians of \(arguments.rounds) rounds; ratios of each round")
    say(Table.text(["program", "seconds", "million voxels/s", "Weft is faster by", "peak MB"], rows))
  }

  /// The same volume at a finer resolution: boxes of the phantom's voxels side by side.
  private static func large(_ weft: String, _ arguments: Arguments, _ moving: String, _ out: String, in folder: String) throws {
    let given = try StoredImage.open(moving).levels[0]
    let side = arguments.large
    let scale = given.source.extent.lengths.map { Double($0) / Double(side) }
    var space = given.space
    space.spacing = zip(space.spacing, scale).map(*)
    space.origin = given.space.world(of: scale.map { ($0 - 1) / 2 })
    var layout = PyramidLayout(extent: [side, side, side], voxelType: .uint16, space: space)
    let chunk: Extent = [64, 128, 128]
    layout.chunk = chunk
    layout.levelCount = 1
    let (input, result) = (folder + "/large.ome.zarr", folder + "/large-result.ome.zarr")
    let writer = try PyramidWriter.begin(layout, at: input, token: "run")
    // From the middle of the phantom, where it is not dark; another part of it each time.
    let middle = given.source.extent.lengths.map { ($0 - min(256, $0)) / 2 }
    let tile = try given.source.read(
      Box(lower: middle, upper: middle.map { $0 + 256 }).intersection(given.source.extent.box), as: UInt16.self)
    let room = zip(tile.extent.lengths, chunk.lengths).map { max(1, $0 - $1 + 1) }
    let written = layout.extent.box.tiles(of: chunk).concurrentMap(threads: 2) { box in
      Result {
        let lower = (0..<3).map { box.lower[$0] * 3 / 7 % room[$0] }
        try writer.write(tile.cropped(to: Box(lower: lower, extent: box.extent)), at: box.lower)
      }
    }
    for part in written { try part.get() }
    try writer.finish()
    let spacing = space.spacing.map { "\($0)" }.joined(separator: ",")
    let words = ["apply", "-q", "-t", out, "-i", input, "-o", result, "--spacing", spacing, "--threads", "2", "--memory", arguments.memory]
    let measured = try Program.measured(weft, words, in: folder)
    let voxels = Double(try StoredImage.open(result).levels[0].source.extent.count)
    let (peak, speed) = ((measured.bytes / 1e6).text(0), (voxels / measured.seconds / 1e6).text(1))
    say("\((2 * voxels / 1e9).text(1)) GB of uint16, --memory \(arguments.memory): \(peak) MB at the most, \(speed) million voxels/s")
  }
}
