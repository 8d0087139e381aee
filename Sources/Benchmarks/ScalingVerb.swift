// SPDX-License-Identifier: Apache-2.0

import CBenchmarks
import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks scaling`
enum ScalingVerb {
  struct Arguments: Sendable {
    var sides = [128, 192, 256, 384, 512]
    var repeats = 3
  }

  static let command = Command<Arguments>(
    "scaling", "CPU time a voxel by size, and what two threads gain",
    discussion: [
      "Registers phantoms of several sizes, all displaced by up to 8 voxels, each in one block: `weft register` as a whole process, and "
        + "in this process the engine alone, the deformable step on images in memory. Each runs with one thread and with "
        + "two, in turn with a loop that no memory and no other thread can slow: each thread smooths a row of its own that stays in its "
        + "cache.",
      "The gain is the wall seconds of one thread over those of two; the loop's is what the machine had to give at that time. Medians of "
        + "the turns are told, of ratios too.",
    ],
    defaults: Arguments(),
    groups: [
      OptionGroup(
        "What",
        [
          .parsed(
            "--sizes", at: \.sides, "N,…", "Sides of the phantoms", expected: "whole numbers joined by commas, as 128,256",
            fallback: "128,192,256,384,512", parse: wholeNumbers),
          .value("--repeat", at: \.repeats, "N", "Turns, of which the median is told"),
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks scaling --sizes 64,96 --repeat 1")],
    check: { (arguments) throws(UsageError) in
      for side in arguments.sides {
        try require(side, atLeast: 32, "`--sizes`")
        if side > 1024 { throw UsageError("`--sizes` names \(side), and 1024³ voxels in one block take 80 GB already") }
      }
      try require(arguments.repeats, atLeast: 1, "`--repeat`")
    })

  /// One kind of work on one phantom, turn by turn.
  private struct Series {
    let name: String
    let side: Int
    var one: [Seconds] = []
    var two: [Seconds] = []
    var loopGains: [Double] = []

    var cpuPerVoxel: Double { median(two.map(\.cpu)) / Double(side * side * side) * 1e6 }

    func row(first: Series) -> [String] {
      let gains = zip(one, two).map { $0.wall / $1.wall }
      return [
        "\(side)³, \(name)", median(one.map(\.wall)).text(1), median(two.map(\.wall)).text(1), median(one.map(\.cpu)).text(1),
        median(two.map(\.cpu)).text(1), cpuPerVoxel.text(2), (cpuPerVoxel / first.cpuPerVoxel).text(2), median(gains).text(2),
        median(loopGains).text(2), median(zip(gains, loopGains).map { $0 / $1 }).text(2),
      ]
    }
  }

  static let verb = Verb(command) { arguments in
    let weft = try Program.weft()
    var all: [Series] = []
    for side in arguments.sides {
      try await withTemporaryFolder { folder in
        let pair = try await makePhantom(side: side, displacement: 8, in: folder)
        var process = Series(name: "`weft register`", side: side)
        var engine = Series(name: "engine", side: side)
        let inMemory = try EnginePair(fixed: loadVolume(pair.fixed), moving: loadVolume(pair.moving), searchesStart: false, threads: 2)
        for _ in 0..<arguments.repeats {
          try turn(&engine) { threads in
            var options = DeformableOptions.normal
            options.threads = threads
            return try Seconds.of { try inMemory.deform(options) }.took
          }
          try turn(&process) { threads in
            let out = folder + "/out"
            let took = try Seconds.ofProgram(
              weft,
              [
                "register", pair.fixed, pair.moving, "--output", out, "--threads", String(threads), "--chunk-size", String(side), "--quiet",
                "--overwrite",
              ]
            ).took
            let rows = try String(contentsOfFile: out + "/blocks.csv", encoding: .utf8).split(separator: "\n").count - 1
            if rows != 1 { say("\(side)³ was cut into \(rows) blocks for want of memory") }
            return took
          }
        }
        all += [process, engine]
        say("\(side)³ done")
      }
    }
    let head = [
      "phantom", "wall s, 1 thread", "wall s, 2", "CPU s, 1", "CPU s, 2", "CPU µs a voxel, 2", "of the first size's", "gain", "loop's gain",
      "gain ÷ loop's",
    ]
    say(Table.text(head, all.map { series in series.row(first: all.first { $0.name == series.name }!) }))
  }

  /// Runs a kind of work with one thread and with two, the loop before it and after it.
  private static func turn(_ series: inout Series, _ work: (_ threads: Int) throws -> Seconds) throws {
    let before = loopGain()
    series.one.append(try work(1))
    series.two.append(try work(2))
    series.loopGains.append((before + loopGain()) / 2)
  }

  /// How much more work two threads do in a time than one, where nothing is shared.
  private static func loopGain() -> Double {
    let rounds = 1_000_000
    return 2 * cbenchmarks_in_cache(rounds, 1) / cbenchmarks_in_cache(rounds, 2)
  }
}
