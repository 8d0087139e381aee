// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// A long pair, whose ends have no chunk in common, registered into `out`.
struct RefinedPair {
  let folder: URL
  var out: String { folder.appendingPathComponent("out").path }

  /// Blocks of 24 × 48 × 40 in a row, or of 40 × 64 in two rows in 2D; chunks are 128 long in 3D, 512 in 2D.
  static func options(_ change: (inout RegistrationOptions) -> Void = { _ in }) -> RegistrationOptions {
    var options = smallOptions(block: [24, 48, 40], overlap: .fraction(0.25))
    // What a coarse warp would find is left to the blocks.
    options.stages = [.affine, .fine]
    change(&options)
    return options
  }

  init(
    in folder: URL, _ extent: [Int] = [24, 48, 512], _ options: RegistrationOptions = Self.options(), seed: UInt64 = 5
  ) async throws {
    self.folder = folder
    let pair = KnownPair(extent, affine: .identity(rank: 3), amplitude: 2.5, seed: seed)
    for (image, name) in [(pair.images.fixed, "fixed"), (pair.images.moving, "moving")] {
      try ImageFile.write(try image.volumes().finest, to: folder.appendingPathComponent("\(name).nrrd").path)
    }
    _ = try await register(into: out, options)
  }

  func register(into output: String, _ options: RegistrationOptions) async throws -> RegistrationResult {
    let (fixed, moving) = (folder.appendingPathComponent("fixed.nrrd").path, folder.appendingPathComponent("moving.nrrd").path)
    return try await ChunkedRegistration(fixed: .open(fixed), moving: .open(moving), options: options).run(into: output)
  }

  /// A copy of the result.
  func copy(_ name: String) throws -> String {
    let target = folder.appendingPathComponent(name).path
    try FileManager.default.copyItem(atPath: out, toPath: target)
    return target
  }
}

/// Refines blocks of a registration, with two threads and a memory that does not depend on the machine.
@discardableResult
func refine(
  _ folder: String, _ blocks: String, _ change: (inout RefinementOptions) -> Void = { _ in }
) async throws -> RegistrationResult? {
  var options = RefinementOptions()
  options.threads = 2
  options.memory = smallOptions().memory
  change(&options)
  return try await RegistrationRefinement(folder, blocks: #require(BlockSelection(blocks)), options: options).run()
}

/// What does not tell of seconds, nor of what was refined.
func voxelsAndFields(_ folder: String) throws -> [String: Data] {
  try files(below: folder).filter { $0.key.hasPrefix("registered.") || $0.key.hasPrefix("transforms/") }
}

/// A column of `blocks.csv`.
func column(_ name: String, _ folder: String) throws -> [String] {
  let table = try CSVTable(contentsOf: folder + "/blocks.csv")
  let place = try table.places(of: [name])[0]
  return table.rows.map { $0.fields[place] }
}
