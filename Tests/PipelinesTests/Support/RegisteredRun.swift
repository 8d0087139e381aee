// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// A finished registration with a coarse warp and a local field, in `out` of a folder.
enum RegisteredRun {
  static let pair = KnownPair(
    [32, 44, 40], fixed: PhysicalSpace(spacing: [1.2, 1, 1], unit: .micrometer),
    moving: PhysicalSpace(spacing: [1.1, 1, 1.05], origin: [1, -1, 0], unit: .micrometer))

  /// A coarse warp that is not quite right, so that something is left for the blocks.
  private static var warp: DisplacementField {
    var field = VectorField(zeros: [8, 11, 10])
    for index in field.extent.box.indices {
      field.y[index] = Float(sin(Double(index[2]) * 0.5))
      field.x[index] = Float(cos(Double(index[1]) * 0.6))
    }
    return DisplacementField(vectors: field, space: pair.fixedSpace.downsampled(by: [4, 4, 4]))
  }

  /// One registration for all these tests, by its files.
  private static let run = Task {
    try await withTemporaryFolder { folder in
      let out = folder.appendingPathComponent("out").path
      let options = smallOptions(.normal, block: [32, 22, 40])
      let registration = try ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options)
      let coarse = knownCoarse(pair.affine, warp, on: pair.fixedSpace, extent: pair.extent)
      let blocks = try await registration.registerBlocks(coarse, in: folder.appendingPathComponent("fields").path)
      #expect(blocks.records.map(\.state) == [.registered, .registered])
      _ = try await registration.resample(coarse, blocks, into: out)
      return try files(below: out)
    }
  }

  static func with(_ body: (URL) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
      for (name, bytes) in try await run.value {
        let file = folder.appendingPathComponent("out").appendingPathComponent(name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try bytes.write(to: file)
      }
      try await body(folder)
    }
  }
}

/// Its transforms, to be applied on two threads.
func application(_ folder: URL, _ change: (inout ApplyOptions) -> Void = { _ in }) throws -> TransformApplication {
  var options = ApplyOptions()
  options.threads = 2
  change(&options)
  return try TransformApplication(transforms: folder.appendingPathComponent("out").path, options: options)
}
