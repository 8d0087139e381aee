// SPDX-License-Identifier: Apache-2.0

import Filtering
import Foundation
import Grids
import Pipelines
import Registration
import TestSupport
import Testing
import Transforms
import Volumes

/// Images of one thing in different contrast, and what lies around it.
struct ContrastTests {
  private static let flat = KnownPair([160, 180], amplitude: 2)

  /// Registers a pair, and measures where the known map goes wrong.
  private func error(
    _ pair: KnownPair, _ fixed: VoxelBuffer<Float>, _ moving: VoxelBuffer<Float>, metric: RegistrationMetric = .auto,
    stages: Set<RegistrationStage> = [.affine, .warp, .fine],
    where counts: ([Int]) -> Bool = { _ in true }
  ) async throws -> (after: Double, result: RegistrationResult) {
    try await withTemporaryFolder { folder in
      var options = smallOptions(.normal)
      options.stages = stages
      options.metric = metric
      let out = folder.appendingPathComponent("out").path
      let result = try await ChunkedRegistration(
        fixed: image(fixed, pair.fixedSpace, name: "fixed"), moving: image(moving, pair.movingSpace, name: "moving"), options: options
      ).run(into: out)
      return (try pair.errors(of: .open(out + "/transforms"), where: counts).after, result)
    }
  }

  /// Contrast that turns within a window misleads local correlation of either sign: such blocks go on by mutual information.
  @Test(arguments: ["folded", "arched"]) func blocksOfFoldedContrastStayWhereTheCoarseResultIsRight(kind: String) async throws {
    let pair = Self.flat
    let moving = pair.moving.mapVoxels { kind == "folded" ? abs($0 - 500) : 1000 * sin(($0 - 100) / 350) }
    let coarse = try await error(pair, pair.fixed, moving, metric: .mi, stages: [.affine, .warp])
    let fine = try await error(pair, pair.fixed, moving, metric: .mi)
    #expect(fine.after < max(coarse.after, 0.25), "\(coarse.after) -> \(fine.after)")
    #expect(fine.result.blocks.allSatisfy { $0.metricAfter! >= $0.metricBefore! })
  }

  /// A ball in padding has the outline of the ball however it is turned.
  @Test(arguments: [0, 3000] as [Float]) func whatABallHoldsIsFoundInsideItsPadding(padding: Float) async throws {
    let pair = KnownPair([56, 56, 56], amplitude: 0.5)
    func isInside(_ point: [Double]) -> Bool { point.map { ($0 - 27.5) * ($0 - 27.5) }.reduce(0, +) < 20 * 20 }
    func ball(_ voxels: VoxelBuffer<Float>, _ place: ([Int]) -> [Double], _ value: (Float) -> Float) -> VoxelBuffer<Float> {
      var voxels = voxels
      for index in voxels.extent.box.indices { voxels[index] = isInside(place(index)) ? value(voxels[index]) : padding }
      return voxels
    }
    let fixed = ball(pair.fixed, { pair.map($0.map(Double.init)) }, { $0 })
    let moving = ball(pair.moving, { $0.map(Double.init) }, { 2000 - $0 })
    let found = try await error(pair, fixed, moving) { isInside(pair.map($0.map(Double.init))) }
    #expect(found.after < 0.8, "\(found.after): \(found.result.coarse.start) \(found.result.coarse.notes)")
  }
}
