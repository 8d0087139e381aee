// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// A phantom that is registered in blocks on one thread: what `overhead` and `costs` look at.
struct PhantomRun: Sendable {
  /// The sides of volume and block, as the command line gives them.
  struct Arguments: Sendable {
    var voxels: Int
    var core: Int

    static let positionals: [Positional<Arguments>] = [
      .value("VOXELS", at: \.voxels, "Side of the phantom", isRequired: false, completion: .none),
      .value("CORE", at: \.core, "Side of a block's core", isRequired: false, completion: .none),
    ]

    static func check(_ arguments: inout Arguments) throws(UsageError) {
      try require(arguments.voxels, atLeast: 32, "VOXELS")
      try require(arguments.core, atLeast: 8, "CORE")
    }
  }

  let folder: String
  let registration: ChunkedRegistration
  /// Seconds of all of it.
  let seconds: Double

  init(_ arguments: Arguments, in folder: String) async throws {
    var phantom = PhantomOptions()
    phantom.shape = [Int](repeating: arguments.voxels, count: 3)
    try await Phantom(phantom).write(into: folder)
    var options = RegistrationOptions.preset(.auto)
    options.blockExtent = [arguments.core]
    options.threads = 1
    let start = ContinuousClock.now
    registration = try ChunkedRegistration(
      fixed: .open(folder + "/fixed.ome.zarr"), moving: .open(folder + "/moving.ome.zarr"), options: options)
    _ = try await registration.run(into: folder + "/out")
    seconds = (ContinuousClock.now - start) / .seconds(1)
    self.folder = folder
  }

  /// The rows of the run's `timings.csv`: what, and its seconds.
  func timings() throws -> [(name: String, seconds: Double)] {
    try String(contentsOfFile: folder + "/out/timings.csv", encoding: .utf8).split(separator: "\n").dropFirst().map { row in
      let fields = row.split(separator: ",", omittingEmptySubsequences: false)
      return (String(fields[0]), Double(fields[1]) ?? .nan)
    }
  }
}
