// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks pyramid`
enum PyramidVerb {
  struct Arguments: Sendable {
    var side = 1024
    var rounds = 3
    var chunk = 64
    var peers = "ngff-zarr,dask"
    var data: String?
  }

  private static let peers = ["ngff-zarr", "dask"]

  static let command = Command<Arguments>(
    "pyramid", "five levels of means beside other programs",
    discussion: [
      "An array of uint16 in chunks of Blosc is read and written as an image of five levels: by `weft convert`, a process on two threads, by "
        + "ngff-zarr's default method, and by Dask's coarsen, each level from the stored one before. Seconds of the peers are without "
        + "what they spend on imports; Weft's are of the whole process. Programs take turns; medians are told. Weft's levels are then "
        + "compared voxel by voxel with its rule, computed in NumPy."
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--side", at: \.side, "N", "Voxels along each axis"),
          .value("--rounds", at: \.rounds, "N", "Rounds in which each program takes its turn"),
          .value("--chunk", at: \.chunk, "N", "Voxels of a chunk along each axis"),
          .value("--peers", at: \.peers, "NAME,…", "Some of \(peers.joined(separator: ", ")); or none"),
          .value("--data", at: \.data, "DIR", "Real volumes to take the voxels from, else they are made up", completion: .directory),
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks pyramid --side 512 --rounds 1")],
    check: { (arguments) throws(UsageError) in
      try require(arguments.side, atLeast: 64, "`--side`")
      try require(arguments.rounds, atLeast: 1, "`--rounds`")
      try require(arguments.chunk, atLeast: 8, "`--chunk`")
      try Peers.check(arguments.peers, among: peers)
    })

  private struct Outcome: Decodable {
    var seconds: Double
    var bytes: Double
  }

  private struct Comparison: Decodable {
    var levels: Int
    var different: Int
  }

  static let verb = Verb(command) { arguments in
    let weft = try Program.weft()
    try await withTemporaryFolder { folder in
      let (side, chunk) = (arguments.side, arguments.chunk)
      let (array, out) = (folder + "/array", folder + "/out.ome.zarr")
      let voxels = try StorageVerb.source(in: folder, side, arguments.data)
      let metadata = ArrayMetadata(format: .v3, extent: voxels.extent, chunk: [chunk, chunk, chunk], voxelType: .uint16)
      try ChunkedArray.create(at: array, metadata).write(voxels, at: [0, 0, 0])
      var outcomes: [String: [Outcome]] = [:]
      let programs = ["weft"] + (arguments.peers == "none" ? [] : arguments.peers.split(separator: ",").map(String.init))
      for round in 0..<arguments.rounds {
        for program in programs {
          try? FileManager.default.removeItem(atPath: out)
          let outcome: Outcome
          if program == "weft" {
            let words = ["convert", array, out, "--levels", "5", "--chunks", "\(chunk)", "--threads", "2", "-q"]
            let took = try Program.measured(weft, words, in: folder)
            outcome = Outcome(seconds: took.seconds, bytes: took.bytes)
            if round == 0 {
              let found = try JSONDecoder().decode(
                Comparison.self, from: Program.python("pyramid.py", ["check", array, out], isShown: false))
              say("\(found.levels) levels of Weft, \(found.different) voxels other than the rule's")
            }
          } else {
            outcome = try JSONDecoder().decode(
              Outcome.self, from: Program.python("pyramid.py", ["make", program, array, out, "\(chunk)"], isShown: false))
          }
          outcomes[program, default: []].append(outcome)
          say("  \(program): \(outcome.seconds.text(1)) s, \((outcome.bytes / 1e6).text(0)) MB")
        }
      }
      let own = median(outcomes["weft"]!.map(\.seconds))
      say(
        Table.text(
          ["\(side)³ voxels of uint16", "seconds", "peak, MB", "seconds ÷ Weft's"],
          programs.map { program in
            let all = outcomes[program]!
            let seconds = median(all.map(\.seconds))
            return [program, seconds.text(1), (median(all.map(\.bytes)) / 1e6).text(0), program == "weft" ? "" : (seconds / own).text(1)]
          }))
    }
  }
}
