// SPDX-License-Identifier: Apache-2.0

import CommandLineParsing
import Foundation
import Weft

/// A phantom that is registered in blocks on one thread: what `overhead`, `costs` and `effort` look at.
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
  let result: RegistrationResult
  /// Seconds of all of it.
  let seconds: Double

  /// - Parameters:
  ///   - displacement: of the phantom's smooth part at the most, in voxels; `nil` as usual.
  ///   - isHalfEmpty: whether there is a phantom of half the length along z only, and zeros beyond it in both images.
  init(_ arguments: Arguments, displacement: Double? = nil, isHalfEmpty: Bool = false, in folder: String) async throws {
    var phantom = PhantomOptions()
    phantom.shape = [Int](repeating: arguments.voxels, count: 3)
    phantom.displacement = displacement
    if isHalfEmpty { phantom.shape[0] /= 2 }
    try await Phantom(phantom).write(into: folder)
    var options = RegistrationOptions.preset(.auto)
    options.blockExtent = [arguments.core]
    options.threads = 1
    let paths = try ["fixed", "moving"].map { name -> String in
      let path = folder + "/\(name).ome.zarr"
      guard isHalfEmpty else { return path }
      let half = try loadVolume(path)
      let whole = Extent([arguments.voxels] + half.voxels.extent.lengths.dropFirst())
      let empty = [Float](repeating: 0, count: whole.count - half.voxels.count)
      let voxels = VoxelBuffer(extent: whole, elements: half.voxels.elements + empty)
      try writeNIfTI(Volume(voxels: voxels, space: half.space), to: folder + "/\(name).nii")
      return folder + "/\(name).nii"
    }
    let start = ContinuousClock.now
    registration = try ChunkedRegistration(fixed: .open(paths[0]), moving: .open(paths[1]), options: options)
    result = try await registration.run(into: folder + "/out")
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
