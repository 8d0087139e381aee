// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Volumes

/// Runs with a level of blocks between the coarse stage and full resolution.
struct CascadeRunTests {
  private let pair = KnownPair([24, 96, 128])

  private func options(threads: Int = 2, region: [Range<Int>]? = nil) -> RegistrationOptions {
    var options = smallOptions(block: [24, 32, 40], overlap: .fraction(0.2))
    options.downsample = 4
    options.levels = [2, 1]
    options.threads = threads
    options.region = region
    return options
  }

  /// What does not differ from run to run.
  private func results(below folder: String) throws -> [String: Data] {
    try files(below: folder).filter { name, _ in name != "timings.csv" && !name.hasPrefix(".weft/") }
  }

  /// A region need not begin where a voxel of the level does.
  @Test(arguments: [nil, [2..<24, 5..<94, 3..<128]]) func oneThreadAndTwoWriteTheSameBytes(region: [Range<Int>]?) async throws {
    try await withTemporaryFolder { folder in
      var trees: [[String: Data]] = []
      for threads in [1, 2] {
        let out = folder.appendingPathComponent("out\(threads)").path
        let registration = try ChunkedRegistration(
          fixed: pair.images.fixed, moving: pair.images.moving, options: options(threads: threads, region: region))
        let result = try await registration.run(into: out)
        let level = try #require(result.coarserLevels.first)
        #expect(level.factors == [1, 2, 2] && level.grid.extent == registration.grid.extent.dividedRoundingUp(by: [1, 2, 2]))
        #expect(level.blocks.contains { $0.state == .registered } && result.blocks.contains { $0.state == .registered })
        // What the level found is where full resolution begins.
        let quality = try #require(result.fineQuality)
        #expect(quality.before > 0.5 && result.map.foldingPercent == 0, "\(quality)")
        trees.append(try results(below: out))
      }
      #expect(trees[0].count > 5 && trees[0].keys == trees[1].keys)
      for (name, bytes) in trees[0] { #expect(trees[1][name] == bytes, "\(name)") }
    }
  }

  @Test func stepByStepIsTheWholeRun() async throws {
    try await withTemporaryFolder { folder in
      let (whole, steps) = (folder.appendingPathComponent("whole").path, folder.appendingPathComponent("steps").path)
      let registration = try ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options())
      let result = try await registration.run(into: whole)
      let coarse = try await registration.registerCoarse()
      let blocks = try await registration.registerBlocks(coarse)
      let stepped = try await registration.resample(coarse, blocks, into: steps)
      #expect(blocks.coarser.count == 1 && stepped.coarserLevels.first?.blocks == result.coarserLevels.first?.blocks)
      let (expected, found) = try (results(below: whole), results(below: steps))
      #expect(found.keys.contains { $0.hasPrefix("transforms/field.ome.zarr/0/c/") })
      // Quality is measured where all steps are one run.
      var unmeasured = result.blocks
      for i in unmeasured.indices { unmeasured[i].quality = nil }
      #expect(stepped.blocks == unmeasured && result.blocks.contains { $0.quality != nil })
      // The coarse transforms are written anew from what files had rounded, and the whole map with them.
      #expect(abs(stepped.map.minimumJacobian - result.map.minimumJacobian) < 1e-5, "\(stepped.map) \(result.map)")
      #expect(stepped.map.foldingPercent == result.map.foldingPercent)
      for (name, bytes) in expected where name.hasPrefix("transforms/field") { #expect(found[name] == bytes, "\(name)") }
    }
  }
}
