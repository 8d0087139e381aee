// SPDX-License-Identifier: Apache-2.0

import CBenchmarks
import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks profile`
enum ProfileVerb {
  struct Arguments: PairArguments {
    var fixed: String?
    var moving: String?
    var side = 256
    var threads = 2
    var repeats = 9
  }

  static let command = Command<Arguments>(
    "profile", "each kernel of an iteration beside what the machine allows",
    discussion: [
      "Takes one iteration of the deformable engine at full resolution apart, on a phantom or a given pair with the field that the "
        + "engine finds for it: each kernel's share of the time, its bytes and operations a voxel (counted by hand: "
        + "Sources/Benchmarks/KernelCosts.swift), and its time as a multiple of max(bytes / bandwidth, operations / peak). Bandwidth is "
        + "that of a triad on arrays of 128 MB, the peak that of multiplications and additions in registers, both with the same threads "
        + "in the same turns. The peak is told twice: fused, the machine's own, and rounded one by one, as Weft computes so that results "
        + "are the same on all machines.",
      "Times are CPU seconds of a thread, so that other programs at work count little, and the quickest of all turns, of kernels as of "
        + "the machine. The sum of the kernels is compared with an iteration of the engine itself.",
    ],
    defaults: Arguments(),
    positionals: Arguments.positionals(fixed: \.fixed, moving: \.moving),
    groups: [
      OptionGroup(
        "What",
        [
          .value("--size", at: \.side, "N", "Side of the phantom"), .value("--threads", at: \.threads, "N", "Threads of everything"),
          .value("--repeat", at: \.repeats, "N", "Turns, of which the quickest is told"),
        ])
    ], examples: [CommandExample("a quick look", "weft-benchmarks profile --size 96 --repeat 3")],
    check: { (arguments) throws(UsageError) in
      try arguments.checkPair("profile")
      try require(arguments.threads, atLeast: 1, "`--threads`")
      try require(arguments.repeats, atLeast: 1, "`--repeat`")
    })

  static let verb = Verb(command) { arguments in
    try await withTemporaryFolder { folder in
      let paths = try await arguments.paths(folder)
      let pair = try EnginePair(
        fixed: loadVolume(paths.fixed), moving: loadVolume(paths.moving), searchesStart: arguments.fixed != nil, threads: arguments.threads)
      try show(pair, arguments)
    }
  }

  private static func show(_ pair: EnginePair, _ arguments: Arguments) throws {
    var options = DeformableOptions.normal
    options.threads = arguments.threads
    let found = try pair.deform(options).field
    guard found.factors == [2, 2, 2] else {
      throw BenchmarkError(
        "the engine gives the field of \(pair.fixed.extent) voxels cells of \(found.factors), and the counts are for 2³",
        hint: "take a volume of nearly isotropic voxels")
    }
    var iteration = ProfiledIteration(pair, found: found, threads: arguments.threads)
    let threads = Int32(arguments.threads)
    var seconds = [Double](repeating: .infinity, count: KernelCosts.all.count)
    var bandwidth = 0.0
    var (fused, separate) = (0.0, 0.0)
    for _ in 0..<arguments.repeats {
      bandwidth = max(bandwidth, cbenchmarks_bandwidth(32 << 20, 3, threads))
      fused = max(fused, cbenchmarks_flops(5_000_000, threads, true))
      separate = max(separate, cbenchmarks_flops(5_000_000, threads, false))
      for (index, kernel) in KernelCosts.all.enumerated() {
        seconds[index] = min(seconds[index], Seconds.of { kernel.run(&iteration) }.took.cpu / Double(threads))
      }
    }
    let voxels = Double(pair.fixed.extent.count)
    let whole = seconds.reduce(0, +)
    let machine =
      "\((bandwidth / 1e9).text(1)) GB/s (triad), \((fused / 1e9).text(1)) Gflop/s fused, \((separate / 1e9).text(1)) Gflop/s one by one"
    say("\(pair.fixed.extent) voxels, \(threads) threads: \(machine)")
    let rows = zip(KernelCosts.all, seconds).map { kernel, took in
      let (moving, computing) = (kernel.bytes * voxels / bandwidth, kernel.operations * voxels / fused)
      let bound = max(moving, computing)
      let unfused = max(moving, kernel.operations * voxels / separate)
      return [
        kernel.name, (took * 1e3).text(1), (100 * took / whole).text(1), kernel.bytes.text(1), kernel.operations.text(1),
        (bound * 1e3).text(1), moving > computing ? "bytes" : "operations", (took / bound).text(1), (took / unfused).text(1),
      ]
    }
    say(
      Table.text(
        [
          "kernel", "ms a thread", "% of all", "bytes a voxel", "operations a voxel", "bound, ms", "by", "time ÷ bound",
          "÷ bound one by one",
        ], rows))
    let engine = try engineIteration(pair, options, count: arguments.repeats)
    say("all kernels \((whole * 1e3).text(0)) ms a thread; an iteration of the engine \((engine * 1e3).text(0)) ms")
  }

  /// CPU seconds a thread of the quickest iteration of the engine at full resolution.
  private static func engineIteration(_ pair: EnginePair, _ options: DeformableOptions, count: Int) throws -> Double {
    var options = options
    options.levels = 1
    options.iterations = [count + 1]
    options.convergenceThreshold = -.infinity
    options.totalSigma = ProfiledIteration.totalSigma
    var times: [Double] = []
    _ = try registerDeformable(
      fixed: pair.fixed.voxels, moving: pair.warped, movingMask: pair.valid, spacing: pair.fixed.space.spacing, options: options,
      progress: { _ in times.append(Seconds.now(CLOCK_PROCESS_CPUTIME_ID)) })
    return (zip(times, times.dropFirst()).map { $1 - $0 }.min() ?? .nan) / Double(options.threads)
  }
}
