// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Pyramids
import Registration
import TestSupport
import Testing
import Transforms
import Volumes

/// Where the coarse stage begins, which stages run, and what masks do.
struct StartTests {
  private let pair = KnownPair([36, 44, 40], amplitude: 0.5)

  private func coarse(_ change: (inout RegistrationOptions) -> Void) async throws -> CoarseRegistration {
    var options = smallOptions()
    change(&options)
    return try await ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options).registerCoarse()
  }

  /// The largest distance between two maps over the volume's corners, in micrometres.
  private func distance(_ a: AffineTransform, _ b: AffineTransform) -> Double {
    pair.fixedSpace.corners(of: pair.extent).map { corner in zip(a(corner), b(corner)).map { abs($0 - $1) }.max()! }.max()!
  }

  @Test(arguments: ["mat", "txt"]) func aTransformFileIsTakenAsTheStart(kind: String) async throws {
    try await withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("start.\(kind)").path
      try pair.affine.write(to: file, unit: .micrometer)
      let found = try await coarse {
        $0.initialTransform = file
        $0.stages = [.fine]
      }
      #expect(found.start == file && distance(found.transform.affine, pair.affine) < 1e-6)
      #expect(found.transform.coarse == nil && found.quality.affine == nil)
    }
  }

  @Test func landmarksAreTakenAsTheStart() async throws {
    try await withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("landmarks.csv").path
      let points = [[2.0, 3, 4], [30, 5, 8], [7, 40, 9], [12, 8, 35], [25, 30, 20], [33, 41, 2]]
      let rows = points.map { ($0 + pair.affine($0)).map { "\($0)" }.joined(separator: ",") }
      try (["fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x"] + rows).joined(separator: "\n").write(
        toFile: file, atomically: true, encoding: .utf8)
      let found = try await coarse {
        $0.initialTransform = file
        $0.stages = [.fine]
      }
      #expect(distance(found.transform.affine, pair.affine) < 1e-6)
      // The affine stage goes on from there.
      let refined = try await coarse {
        $0.initialTransform = file
        $0.stages = [.affine]
      }
      #expect(distance(refined.transform.affine, pair.affine) < 2 && refined.startScores.isEmpty)
    }
  }

  @Test func aStartOfAnotherRankIsRefused() async throws {
    try await withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("flat.mat").path
      try AffineTransform.identity(rank: 2).write(to: file)
      await #expect(throws: PipelineError.self) { try await coarse { $0.initialTransform = file } }
      await #expect(throws: PipelineError.self) { try await coarse { $0.initialTransform = file + ".missing" } }
    }
  }

  @Test func onlyTheStagesAskedForRun() async throws {
    let affine = try await coarse { $0.stages = [.affine] }
    #expect(affine.transform.coarse == nil && affine.quality.affine != nil && affine.quality.warp == nil)
    #expect(!affine.startScores.isEmpty && affine.startScores.contains { $0.name == affine.start })
    let warp = try await coarse { $0.stages = [.warp] }
    #expect(warp.transform.affine == .identity(rank: 3) && warp.quality.affine == nil && warp.quality.warp != nil)
    let both = try await coarse { $0.stages = [.affine, .warp] }
    #expect(both.quality.warp! >= both.quality.affine! - 0.01 && both.quality.affine! > both.quality.start)
    #expect(throws: PipelineError.self) {
      var options = smallOptions()
      options.stages = []
      _ = try ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options)
    }
  }

  @Test func masksOfAnotherResolutionHideWhatMisleads() async throws {
    try await withTemporaryFolder { folder in
      // A bright bar that is in one image only, and a mask of half the resolution without it.
      var fixed = pair.fixed
      for index in pair.extent.box.indices where index[2] >= 30 { fixed[index] = 3000 + Float(index[1] % 7) * 400 }
      var mask = VoxelBuffer<UInt8>(extent: [18, 22, 20])
      for index in mask.extent.box.indices where index[2] < 14 { mask[index] = 1 }
      let path = folder.appendingPathComponent("mask.ome.zarr").path
      let writer = try PyramidWriter.begin(
        PyramidLayout(extent: mask.extent, voxelType: .uint8, space: pair.fixedSpace.downsampled(by: [2, 2, 2])), at: path)
      try writer.write(mask, at: [0, 0, 0])
      try writer.buildLevels()
      try writer.finish()

      func found(_ mask: String?) async throws -> Double {
        var options = smallOptions()
        options.stages = [.affine]
        // Local correlation would not be misled.
        options.metric = .mse
        options.fixedMask = mask
        let registration = try ChunkedRegistration(
          fixed: image(fixed.converted(to: UInt16.self), pair.fixedSpace, name: "fixed"), moving: pair.images.moving, options: options)
        let coarse = try await registration.registerCoarse()
        if mask != nil { #expect(coarse.foreground.voxels.elements.contains(0) && coarse.foreground.voxels.elements.contains(1)) }
        return distance(coarse.transform.affine, pair.affine)
      }
      let (with, without) = (try await found(path), try await found(nil))
      #expect(with < 3 && with < without, "with the mask \(with), without \(without)")
    }
  }
}
