// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// `weft-benchmarks starts`
enum StartsVerb {
  struct Arguments: Sendable {
    var count = 100
    var image = ""
    var peers = "none"
    var peerStarts = 20
    var data: String?
  }

  static let command = Command<Arguments>(
    "starts", "an image against copies turned, scaled and moved at random",
    discussion: [
      "Reduces the image so that its longest axis has 112 voxels, turns a copy by up to 30°, scales it by 0.8 to 1.25, shifts it by up "
        + "to 30 % of each side, cuts off what leaves the lattice, and counts the starts from which search and affine step end within "
        + "one voxel: mean over the foreground that is inside the copy.",
      "Peers get the first of the same copies: greedy with a random search of 1000 poses about the image centres, antspyx from the "
        + "centres of mass, as they do by themselves; their settings are in Tests/Accuracy/peers.py.",
    ],
    defaults: Arguments(),
    positionals: [
      .value("COUNT", at: \.count, "Starts of Weft", completion: .none), .value("IMAGE", at: \.image, "A volume of any format"),
    ],
    groups: [
      OptionGroup(
        "Peers",
        [
          .value("--peers", at: \.peers, "NAME,…", "Some of \(Peers.affine.joined(separator: ", ")); or none"),
          .value("--peer-starts", at: \.peerStarts, "N", "Starts of each peer"),
          .value(
            "--data", at: \.data, "FOLDER", "The shared folder, which holds the scripts that run peers",
            fallback: "$WEFT_SHARED, else `shared` beside the package", completion: .directory),
        ])
    ],
    examples: [
      CommandExample("100 starts of Weft, 20 of each peer", "weft-benchmarks starts 100 brain.tif --peers greedy,ants")
    ],
    check: { (arguments) throws(UsageError) in
      try require(arguments.count, atLeast: 1, "COUNT")
      try require(arguments.peerStarts, atLeast: 1, "`--peer-starts`")
      try Peers.check(arguments.peers, among: Peers.affine)
    })

  static let verb = Verb(command) { arguments in
    if let data = arguments.data { try Program.shared(around: data) }
    let starts = try Starts(path: arguments.image, longest: 112)
    say("\(arguments.image): \(starts.image.extent) voxels")
    var found = 0
    var seconds: [Seconds] = []
    for seed in 1...arguments.count {
      let outcome = try starts.run(seed: UInt64(seed))
      seconds.append(outcome.took)
      if outcome.error < 1 {
        found += 1
      } else {
        say("  weft: start \(seed) missed by \(outcome.error.text(1)) voxels (\(outcome.start))")
      }
    }
    let (wall, cpu) = (median(seconds.map(\.wall)), median(seconds.map(\.cpu)))
    say("  weft: \(found) of \(arguments.count) found; median \(wall.text(2)) s, \(cpu.text(2)) CPU s")
    if arguments.peers == "none" { return }
    try await withTemporaryFolder { folder in
      for seed in 1...arguments.peerStarts { try starts.write(seed: UInt64(seed), into: "\(folder)/\(seed)") }
      try Program.python("starts.py", [folder, arguments.peers], data: arguments.data)
    }
  }
}
