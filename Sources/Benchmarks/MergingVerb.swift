// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks merging`
enum MergingVerb {
  struct Arguments: Sendable {
    var sides = [5000, 10_000, 20_000]
    var tile = 625
    var peers = "cellpose,dask-image"
    var limit = 600
    var pair: String?
  }

  private static let peers = ["cellpose", "dask-image"]

  static let command = Command<Arguments>(
    "merging", "objects that tiles cut, made whole: time and memory",
    discussion: [
      "The labels of a flat phantom are cut into tiles, which are what a perfect method finds in each. Weft runs its stages match, merge and "
        + "relabel on them, each as a process of its own, on two threads; the peers join the same labels and write them: Cellpose by the "
        + "functions of its module for distributed segmentation, and dask-image by its `label`, on Dask's threads, of which there are two.",
      "Added memory is the most that a process grew by: Weft's beyond one that finds nothing to do, the peers' beyond what they hold when "
        + "joining begins. What tiles say of their objects is made before, and not counted. Weft measures the objects meanwhile and "
        + "gets its tiles with a halo; the peers get the tiles without one.",
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .parsed(
            "--sizes", at: \.sides, "N,…", "Sides of the phantoms", expected: "whole numbers joined by commas, as 5000,10000",
            fallback: "5000,10000,20000", parse: wholeNumbers),
          .value("--tile", at: \.tile, "N", "Side of a tile"),
          .value("--peers", at: \.peers, "NAME,…", "Some of \(peers.joined(separator: ", ")); or none"),
          .value("--pair", at: \.pair, "DIR", "A pair of `weft phantom --labels` in place of one that is made", completion: .directory),
          .value("--limit", at: \.limit, "SECONDS", "When a peer is stopped; one that adds 8 GB is, too"),
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks merging --sizes 2500 --tile 312")],
    check: { (arguments) throws(UsageError) in
      for side in arguments.sides { try require(side, atLeast: 64, "`--sizes`") }
      try require(arguments.tile, atLeast: 32, "`--tile`")
      try require(arguments.limit, atLeast: 1, "`--limit`")
      try Peers.check(arguments.peers, among: peers)
    })

  /// What one program took for one phantom.
  private struct Outcome: Decodable {
    var finished = true
    /// Of all of it, and of finding what belongs together alone.
    var seconds: Double
    var merge: Double?
    /// Added memory.
    var bytes: Double
    var objects: Int?
  }

  private struct Cut: Decodable {
    /// Objects in the image, and pieces of them in all tiles.
    var objects: Int
    var pieces: Int
  }

  static let verb = Verb(command) { arguments in
    let weft = try Program.weft()
    var rows: [[String]] = []
    // What was found is told where a peer fails, too.
    defer { if !rows.isEmpty { say(table(rows)) } }
    for side in arguments.sides {
      try await withTemporaryFolder { folder in
        let pair = arguments.pair.map { URL(fileURLWithPath: $0).standardizedFileURL.path } ?? folder + "/p"
        if arguments.pair == nil {
          try Program.run(
            weft, ["phantom", pair, "--shape", "\(side),\(side)", "--dtype", "uint8", "--labels", "--seed", "1", "-q"])
        }
        try FileManager.default.createSymbolicLink(atPath: folder + "/labels", withDestinationPath: pair + "/fixed_labels.ome.zarr/0")
        try Data("\(arguments.tile)".utf8).write(to: URL(fileURLWithPath: folder + "/tile"))
        let cut = try JSONDecoder().decode(Cut.self, from: Program.python("merging.py", ["blocks", folder], isShown: false))
        let across = (side + arguments.tile - 1) / arguments.tile
        say("\(side)²: \(across * across) tiles, \(cut.objects) objects in \(cut.pieces) pieces")
        let own = try measured(weft, pair + "/fixed_labels.ome.zarr", folder, arguments)
        func add(_ name: String, _ outcome: Outcome) {
          let mark = outcome.finished ? "" : "> "
          func ratio(_ of: (Outcome) -> Double?) -> String {
            guard name != "weft", let peer = of(outcome), let own = of(own) else { return "" }
            return mark + (peer / own).text(1)
          }
          rows.append([
            "\(across * across) tiles, \(name)", mark + outcome.seconds.text(1), outcome.merge?.text(1) ?? "–",
            mark + (outcome.bytes / 1e6).text(0), outcome.objects.map { "\($0 - cut.objects)" } ?? "–", ratio(\.seconds), ratio(\.merge),
            ratio(\.bytes),
          ])
          say("  \(name): \(mark)\(outcome.seconds.text(1)) s, \(mark)\((outcome.bytes / 1e6).text(0)) MB")
        }
        add("weft", own)
        for peer in arguments.peers.split(separator: ",").map(String.init) where peer != "none" {
          let told = try Program.python("merging.py", [peer, folder, "\(arguments.limit)"], isShown: false)
          add(peer, try JSONDecoder().decode(Outcome.self, from: told))
        }
      }
    }
  }

  private static func table(_ rows: [[String]]) -> String {
    Table.text(
      [
        "program", "seconds", "of them merging", "added memory, MB", "objects beyond the truth", "seconds ÷ Weft's", "merging ÷ Weft's",
        "memory ÷ Weft's",
      ], rows)
  }

  /// Runs the stages of a segmentation one by one, and tells what those that merge took.
  private static func measured(_ weft: String, _ labels: String, _ folder: String, _ arguments: Arguments) throws -> Outcome {
    let (output, run) = (folder + "/weft.ome.zarr", folder + "/.weft.ome.zarr.weft")
    let script = try Program.package().path + "/Tests/Accuracy/run merging.py worker"
    let planning = Process()
    planning.executableURL = URL(fileURLWithPath: weft)
    planning.arguments = [
      "segment", labels, "--output", output, "--method", "command", "--command", script,
      "--diameter", "10", "--tile-shape", "\(arguments.tile)", "--threads", "2", "-q",
    ]
    planning.standardError = FileHandle.nullDevice
    try planning.run()
    // A run that has done something is kept when it is interrupted; from then on each stage can be run by itself.
    func hasBegun() -> Bool {
      ((try? FileManager.default.contentsOfDirectory(atPath: run + "/segment")) ?? []).contains { $0.hasPrefix("tile-") }
    }
    while planning.isRunning, !hasBegun() { usleep(1000) }
    planning.interrupt()
    planning.waitUntilExit()
    func stage(_ name: String) throws -> (seconds: Double, bytes: Double) {
      try Program.measured(weft, ["task", "run", "--run-dir", run, "--stage", name, "--threads", "2", "-q"], in: folder)
    }
    for name in ["statistics", "segment"] { _ = try stage(name) }
    let idle = try stage("statistics")
    let (match, merge, relabel) = (try stage("match"), try stage("merge"), try stage("relabel"))
    try Program.run(weft, ["resume", output, "-q"])
    let table = try String(contentsOfFile: folder + "/objects.csv", encoding: .utf8)
    return Outcome(
      seconds: match.seconds + merge.seconds + relabel.seconds, merge: match.seconds + merge.seconds,
      bytes: max(match.bytes, merge.bytes, relabel.bytes) - idle.bytes, objects: table.count { $0 == "\n" } - 1)
  }
}
