// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Filtering
import Foundation
import Weft

/// `weft-benchmarks symmetric`
enum SymmetricVerb {
  struct Arguments: PairArguments {
    var fixed: String?
    var moving: String?
    var side = 192
    var threads = 2
  }

  static let command = Command<Arguments>(
    "symmetric", "A to B and B to A composed, and how well the inverse inverts",
    discussion: [
      "Registers a pair both ways by the engine's symmetric mode, on a phantom or a given pair, and tells three distances in voxels over "
        + "the foreground of the first image: A to B and back by B to A, for the deformable step on one affine map and for two whole "
        + "registrations that know nothing of each other; and what is left of a voxel that goes through the inverse field and back by "
        + "the field.",
      "Points that leave the other image are left out. `weft register` uses this mode for the coarse warp; blocks are registered one way.",
    ],
    defaults: Arguments(),
    positionals: Arguments.positionals(fixed: \.fixed, moving: \.moving),
    groups: [
      OptionGroup(
        "What",
        [.value("--size", at: \.side, "N", "Side of the phantom"), .value("--threads", at: \.threads, "N", "Threads of the engine")])
    ], examples: [CommandExample("a quick look", "weft-benchmarks symmetric --size 64")],
    check: { (arguments) throws(UsageError) in
      try arguments.checkPair("symmetric")
      try require(arguments.threads, atLeast: 1, "`--threads`")
    })

  static let verb = Verb(command) { arguments in
    try await withTemporaryFolder { folder in
      let paths = try await arguments.paths(folder)
      let (a, b) = (try loadVolume(paths.fixed), try loadVolume(paths.moving))
      let (searches, threads) = (arguments.fixed != nil, arguments.threads)
      var options = DeformableOptions.normal
      options.symmetric = true
      options.threads = threads

      let there = try EnginePair(fixed: a, moving: b, searchesStart: searches, threads: threads)
      let found = try there.deform(options)
      let foreground = try Mask.tissue(of: a).resampled(to: a.space, extent: a.extent)
      var rows: [[String]] = []
      func tell(_ name: String, _ residual: VectorField, _ inside: VoxelBuffer<UInt8>) {
        let lengths = (0..<residual.extent.count).filter { inside.elements[$0] != 0 && foreground.elements[$0] != 0 }.map { i in
          (0..<3).map { Double(residual[$0].elements[i]) }.map { $0 * $0 }.reduce(0, +).squareRoot()
        }.sorted()
        guard !lengths.isEmpty else { return rows.append([name, "–", "–"]) }
        rows.append([
          name, (lengths.reduce(0, +) / Double(lengths.count)).text(4), lengths[min(lengths.count - 1, lengths.count * 95 / 100)].text(4),
        ])
      }

      let back = try registerDeformable(
        fixed: there.warped, moving: a.voxels, fixedMask: there.valid, spacing: a.space.spacing, options: options)
      tell(
        "there and back, deformable step", composed(outer: back.forward, inner: found.forward, threads: threads), there.valid)

      let again = try EnginePair(fixed: b, moving: a, searchesStart: searches, threads: threads)
      let returned = again.positions(try again.deform(options).forward, threads: threads)
      let positions = there.positions(found.forward, threads: threads)
      let (residual, inside) = roundTrip(positions, returned, threads: threads)
      tell("there and back, two whole registrations", residual, inside)

      if let inverse = found.inverse {
        tell("inverse field, then field", composed(outer: found.forward, inner: inverse, threads: threads), there.valid)
      }
      say("\(a.extent) and \(b.extent) voxels; distances in voxels of the first image")
      say(Table.text(["what", "mean", "95 %"], rows))
    }
  }

  /// Where each voxel comes back to, less the voxel itself; and whether it stayed inside the other image.
  private static func roundTrip(
    _ there: VectorField, _ back: VectorField, threads: Int
  ) -> (VectorField, VoxelBuffer<UInt8>) {
    var inside = VoxelBuffer<UInt8>(extent: there.extent)
    let parts = (0..<3).map { axis in
      let (values, valid) = Filtering.resampled(back[axis], at: there, threads: threads)
      inside = valid
      var part = values
      for (i, voxel) in there.extent.box.indices.enumerated() { part.elements[i] -= Float(voxel[axis]) }
      return part
    }
    return (VectorField(z: parts[0], y: parts[1], x: parts[2]), inside)
  }
}
