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

/// What becomes of blocks, with a coarse map that is known.
struct BlockStateTests {
  private static let space = PhysicalSpace(spacing: [1, 1, 1], unit: .micrometer)

  private func states(
    _ fixed: VoxelBuffer<Float>, _ moving: VoxelBuffer<Float>, _ affine: AffineTransform, foreground: Box? = nil, block: [Int],
    overlap: Overlap = .fraction(0.3), accuracy: Accuracy = .draft
  ) async throws -> [BlockRecord] {
    let registration = try ChunkedRegistration(
      fixed: image(fixed, name: "fixed"), moving: image(moving, name: "moving"),
      options: smallOptions(accuracy, block: block, overlap: overlap))
    var coarse = knownCoarse(affine, on: Self.space, extent: fixed.extent)
    if let foreground {
      var mask = VoxelBuffer<UInt8>(extent: fixed.extent)
      mask.copy(from: VoxelBuffer(extent: foreground.extent, repeating: 1), box: foreground.extent.box, at: foreground.lower)
      coarse.foreground = Mask(voxels: mask, space: Self.space)
    }
    return try await withTemporaryFolder { try await registration.registerBlocks(coarse, in: $0.path).records }
  }

  @Test func blocksWithoutForegroundAreBackground() async throws {
    let pair = KnownPair([24, 24, 72], amplitude: 1)
    let records = try await states(
      pair.fixed, pair.moving, pair.affine, foreground: Box(lower: [2, 2, 2], upper: [22, 22, 14]), block: [24])
    #expect(records.map(\.state) == [.registered, .background, .background])
    #expect(records[1].metricBefore == nil && records[0].metricAfter! > records[0].metricBefore! + 1e-3)
  }

  @Test func blocksThatMapOutsideAreOutside() async throws {
    let pair = KnownPair([24, 24, 72], affine: .translation([0, 0, 36]), amplitude: 1)
    let records = try await states(pair.fixed, pair.moving, pair.affine, block: [24], accuracy: .normal)
    #expect(records.map { $0.state == .outside } == [false, false, true], "\(records)")
    #expect(records[0].validPercent == 100 && records[1].validPercent! < 60)
  }

  @Test func whatLiesOutsideTheMovingImageDoesNotLowerTheScore() async throws {
    let pair = KnownPair([24, 24, 48], affine: .translation([0, 0, 12]), amplitude: 0)
    // A camera's offset: the zeros beyond the border are far from any value.
    let (fixed, moving) = (pair.fixed.mapVoxels { $0 + 3000 }, pair.moving.mapVoxels { $0 + 3000 })
    // The known map by hand: a quarter of the moving image lies beyond its border.
    var shifted = VoxelBuffer<Float>(extent: fixed.extent)
    shifted.copy(from: moving, box: Box(lower: [0, 0, 12], upper: [24, 24, 48]), at: [0, 0, 0])
    var inside = VoxelBuffer<UInt8>(extent: fixed.extent)
    inside.copy(from: VoxelBuffer(extent: [24, 24, 36], repeating: 1), box: Box(lower: [0, 0, 0], upper: [24, 24, 36]), at: [0, 0, 0])
    let polluted = localNormalizedCrossCorrelation(fixed, shifted, radius: 4, mask: inside).mean
    #expect(polluted < 0.97, "zeros in the windows lower the score: \(polluted)")

    let records = try await states(fixed, moving, pair.affine, block: [24, 24, 48])
    #expect(records[0].metricBefore! > 0.9999, "\(records)")
    try await withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("start.mat").path
      try pair.affine.write(to: file, unit: .micrometer)
      var options = smallOptions()
      options.initialTransform = file
      options.stages = [.fine]
      let coarse = try await ChunkedRegistration(
        fixed: image(fixed, name: "fixed"), moving: image(moving, name: "moving"), options: options
      ).registerCoarse()
      #expect(coarse.quality.start > 0.9999, "\(coarse.quality)")
    }
  }

  @Test func blocksThatFitAlreadyGainNothing() async throws {
    let pair = KnownPair([24, 24, 48], affine: .identity(rank: 3), amplitude: 0)
    let records = try await states(pair.fixed, pair.moving, pair.affine, block: [24])
    #expect(records.allSatisfy { $0.state == .noGain && $0.largestDisplacement == 0 && $0.metricBefore == $0.metricAfter })
    #expect(records[0].metricBefore! > 0.999)
  }

  @Test func aLongDisplacementIsSoughtAgainWithAWiderHalo() async throws {
    let pair = KnownPair([24, 32, 64], affine: .identity(rank: 3), amplitude: 4)
    let narrow = try await states(pair.fixed, pair.moving, pair.affine, block: [24, 32, 32], overlap: .voxels(3), accuracy: .normal)
    #expect(narrow.contains { $0.attempt == .widerHalo && $0.largestDisplacement! > 1.5 })
    let wide = try await states(pair.fixed, pair.moving, pair.affine, block: [24, 32, 32], overlap: .voxels(16), accuracy: .normal)
    #expect(wide.allSatisfy { $0.attempt == .planned && $0.state == .registered })
  }

  @Test func aBlockThatStillLiesOffIsTriedAgainAndTheBetterIsKept() async throws {
    // The coarse map is six voxels off, more than a block of 32 voxels with this halo can make up for.
    let pair = KnownPair([32, 48, 96], affine: .translation([0, 0, 6]), amplitude: 0)
    let records = try await states(
      pair.fixed, pair.moving, .identity(rank: 3), block: [32, 48, 32], overlap: .voxels(4), accuracy: .normal)
    let again = records.filter { $0.attempt != .planned }
    #expect(!again.isEmpty, "\(records)")
    let thresholds = VerdictThresholds()
    for record in again { #expect(record.state == .registered && record.metricAfter! > record.metricBefore!) }
    #expect(again.contains { !$0.isDoubtful(thresholds) }, "\(again)")
  }

  @Test func aResultWithoutDoubtIsBetterThanAHigherMetric() {
    let grid = BlockGrid(extent: [8, 8, 8], core: [8, 8, 8], halo: [0, 0, 0])
    func record(_ metric: Double?, residual: Double?, evidence: Double = 100, folding: Double = 0) -> BlockRecord {
      var result = BlockRecord(grid[0], .registered)
      (result.metricAfter, result.foldingPercent) = (metric, folding)
      result.fit = .init(residual: residual, evidencePercent: evidence)
      return result
    }
    let thresholds = VerdictThresholds()
    let good = record(0.5, residual: 0.3)
    for doubtful in [
      record(0.9, residual: 3), record(0.9, residual: nil), record(0.9, residual: 0.1, evidence: 20),
      record(0.9, residual: 0.1, folding: 1),
    ] {
      #expect(doubtful.isDoubtful(thresholds) && good.isBetter(than: doubtful, thresholds) && !doubtful.isBetter(than: good, thresholds))
    }
    #expect(!good.isDoubtful(thresholds) && record(0.6, residual: 0.4).isBetter(than: good, thresholds))
    #expect(!record(0.4, residual: 0.1).isBetter(than: good, thresholds) && !BlockRecord(grid[0], .noGain).isBetter(than: good, thresholds))
  }

  @Test func registeredBlocksDoNotFoldAndMoveAsFarAsTheMap() async throws {
    let pair = KnownPair([24, 24, 72], amplitude: 1)
    let records = try await states(pair.fixed, pair.moving, pair.affine, block: [24])
    for record in records where record.state == .registered {
      #expect(record.minimumJacobian! > 0 && record.foldingPercent == 0)
      #expect(record.largestDisplacement! > 0.3 && record.largestDisplacement! < 4)
    }
  }

  @Test func oneBlockByItselfIsThatOfTheRun() async throws {
    let pair = KnownPair([24, 24, 72], amplitude: 1)
    let registration = try ChunkedRegistration(
      fixed: image(pair.fixed, name: "fixed"), moving: image(pair.moving, name: "moving"),
      options: smallOptions(.draft, block: [24], overlap: .fraction(0.3)))
    let coarse = knownCoarse(pair.affine, on: Self.space, extent: pair.fixed.extent)
    try await withTemporaryFolder { folder in
      let all = try await registration.registerBlocks(coarse, in: folder.appendingPathComponent("all").path)
      let one = folder.appendingPathComponent("one").path
      try FileManager.default.createDirectory(atPath: one, withIntermediateDirectories: false)
      let record = try registration.registerBlock(1, coarse, in: one, threads: 1)
      #expect(record == all.records[1] && record.state == .registered)
      let field = try registration.blockDisplacement(1, in: one)
      #expect(field.extent == registration.grid[1].extended.extent && field.x.elements.contains { $0 != 0 })
    }
  }
}
