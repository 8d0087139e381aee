// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Testing
import Volumes

/// What is planned from the extents alone.
struct PlanTests {
  /// Voxels that nobody may read.
  private struct Unread: VoxelSource {
    let extent: Extent
    let voxelType = VoxelType.uint16
    var residentFiles: [ResidentFile] = []
    var chunk: Extent { [64, 64, 64] }
    func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> { throw VolumeError("read while planning") }
  }

  private func plan(
    _ extent: Extent, spacing: [Double]? = nil, moving: (Extent, [Double])? = nil, canUnpack kept: Bool? = nil,
    _ change: (inout RegistrationOptions) -> Void = { _ in }
  ) throws -> RegistrationPlan {
    func stored(_ extent: Extent, _ spacing: [Double]) -> StoredImage {
      StoredImage(
        path: "/nowhere/image", format: "NIfTI", axes: "zyx".suffix(extent.rank).map { Axis(name: String($0)) },
        levels: [
          .init(
            source: Unread(
              extent: extent, residentFiles: kept.map { [ResidentFile(byteCount: 2 * extent.count, canUnpack: $0)] } ?? []),
            space: PhysicalSpace(spacing: spacing), name: "")
        ])
    }
    var options = RegistrationOptions()
    options.memory = MemoryBudget(bytes: 64_000_000_000)
    options.threads = 4
    change(&options)
    let fixedSpacing = spacing ?? extent.lengths.map { _ in 1 }
    return try ChunkedRegistration(
      fixed: stored(extent, fixedSpacing), moving: moving.map { stored($0.0, $0.1) } ?? stored(extent, fixedSpacing), options: options
    ).plan
  }

  @Test func thePresetGoesByTheBytesOfTheLargerInput() throws {
    #expect(try plan([500, 1000, 1000]).preset == .small)
    #expect(try plan([1000, 1000, 1000]).preset == .medium)
    #expect(try plan([500, 1000, 1000], moving: ([1000, 1000, 1000], [1, 1, 1])).preset == .medium)
    #expect(try plan([2000, 2000, 2000]).preset == .large)
    #expect(try plan([3000, 3000, 3000]).preset == .huge)
    let asked = try plan([500, 1000, 1000]) { $0.preset = .huge }
    #expect(asked.preset == .huge && asked.presetReason.contains("as asked"))
  }

  @Test func levelsLieBetweenACoarseFactorOfEightAndFullResolution() throws {
    let volume: Extent = [4000, 4000, 4000]
    for (factor, scales) in [(4, [1]), (7, [1]), (8, [2, 1]), (12, [4, 1]), (32, [8, 2, 1]), (45, [8, 2, 1]), (64, [16, 4, 1])] {
      #expect(try plan(volume) { $0.downsample = factor }.levels.map(\.scale) == scales, "\(factor)")
    }
    // Memory makes the coarse step coarser, and then there are levels.
    let small = try plan(volume) {
      $0.preset = .medium
      $0.memory = MemoryBudget(bytes: 800_000_000)
    }
    #expect(small.fixedFactors[0] >= 8 && small.levels.count > 1 && small.expectedMemory <= 800_000_000)
    for level in small.levels {
      #expect(
        level.grid.extent == volume.dividedRoundingUp(by: Extent(level.factors))
          && level.factors == [level.scale, level.scale, level.scale])
    }
    // A factor that a short axis does not take makes no level, nor does the fine stage where it does not run.
    #expect(try plan([96, 96, 96]) { $0.downsample = 32 }.levels.map(\.scale) == [1])
    #expect(
      try plan(volume) {
        $0.downsample = 32
        $0.stages = [.affine, .warp]
      }.levels.count == 1)
    let asked = try plan([200, 1000, 1000], spacing: [4, 1, 1]) {
      $0.downsample = 16
      $0.levels = [64, 8, 3, 1]
    }
    #expect(asked.levels.map(\.scale) == [8, 3, 1] && asked.levels.map(\.factors) == [[2, 8, 8], [1, 3, 3], [1, 1, 1]])
    for wrong in [[1, 8], [8, 2], [8, 8, 1], [2, 8, 1]] {
      #expect(throws: PipelineError.self, "\(wrong)") { try plan(volume) { $0.levels = wrong } }
    }
  }

  @Test func presetsSetBlocksOverlapAndDownsampling() throws {
    let medium = try plan([1000, 1000, 1000])
    #expect(medium.grid.core == [256, 256, 256] && medium.grid.halo == [39, 39, 39] && medium.fixedFactors == [4, 4, 4])
    let large = try plan([2000, 2000, 2000])
    #expect(large.grid.core == [256, 256, 256] && large.fixedFactors == [6, 6, 6])
    let huge = try plan([3000, 3000, 3000])
    #expect(huge.grid.core == [128, 256, 256] && huge.grid.halo == [26, 52, 52] && huge.fixedFactors == [8, 8, 8])
  }

  @Test func flagsOverrideThePreset() throws {
    let plan = try plan([1000, 1000, 1000]) {
      $0.blockExtent = [100, 200, 300]
      $0.overlap = .voxels(20)
      $0.downsample = 5
      $0.fieldStride = 8
    }
    #expect(
      plan.grid.core == [100, 200, 300] && plan.grid.halo == [20, 20, 20] && plan.fixedFactors == [5, 5, 5] && plan.fieldStride == 8)
    let one = try self.plan([1000, 1000, 1000]) { $0.blockExtent = [64] }
    #expect(one.grid.core == [64, 64, 64])
    #expect(throws: PipelineError.self) { try self.plan([100, 100, 100]) { $0.blockExtent = [64, 64] } }
    #expect(throws: PipelineError.self) { try self.plan([100, 100, 100]) { $0.blockExtent = [64, 0, 64] } }
  }

  @Test func theCoreIsNoLargerThanTheVolume() throws {
    let plan = try plan([40, 700, 600])
    #expect(plan.grid.core == [40, 512, 512] && plan.grid.shape == [1, 2, 2])
    let flat = try self.plan([700, 600])
    #expect(flat.grid.core == [1, 512, 512] && flat.grid.halo[0] == 0 && flat.extent == [700, 600])
    let clipped = try self.plan([40, 50, 60]) { $0.overlap = .voxels(45) }
    #expect(clipped.grid.halo == [39, 45, 45] && clipped.notes.contains { $0.contains("clipped") })
  }

  @Test(arguments: [500, 1000, 2000, 8000]) func blocksShrinkUntilTheyFitTheMemory(megabytes: Int) throws {
    let plan = try plan([600, 800, 800]) { $0.memory = MemoryBudget(bytes: megabytes * 1_000_000) }
    #expect(plan.expectedMemory <= megabytes * 1_000_000, "\(plan.expectedMemory)")
    #expect(plan.notes.contains { $0.contains("in place of") } == (plan.grid.core != [512, 512, 512]))
    #expect(plan.blocksAtOnce >= 1 && plan.blocksAtOnce * plan.threadsPerBlock <= 4)
    #expect((megabytes < 8000) == (plan.grid.core != [512, 512, 512]) || plan.grid.core.count < 512 * 512 * 512)
  }

  @Test func whatCannotBeReadInPartsIsCounted() throws {
    let bytes = 2 * 300 * 300 * 300
    let (lazy, whole) = try (plan([300, 300, 300]), plan([300, 300, 300], canUnpack: false))
    #expect(whole.residentBytes == 2 * bytes && whole.expectedMemory == lazy.expectedMemory + 2 * bytes)
    let tight = try plan([300, 300, 300], canUnpack: false) { $0.memory = MemoryBudget(bytes: 1_000_000_000) }
    #expect(tight.expectedMemory <= 1_000_000_000)
    // Both, and a copy of one while it is decoded.
    let error = #expect(throws: PipelineError.self) {
      try self.plan([300, 300, 300], canUnpack: false) { $0.memory = MemoryBudget(bytes: 3 * bytes) }
    }
    #expect(error?.localizedDescription.contains("cannot be read in parts") == true)
    // What can be unpacked into a file is held in memory only where that leaves room.
    #expect(try plan([300, 300, 300], canUnpack: true).residentBytes == 2 * bytes)
    let unpacked = try plan([300, 300, 300], canUnpack: true) { $0.memory = MemoryBudget(bytes: 3 * bytes) }
    #expect(unpacked.residentBytes == 0 && unpacked.expectedMemory <= 3 * bytes)
  }

  @Test func anAxisTooThinForTheFactorAskedForIsNoted() throws {
    let thin = try plan([40, 700, 600]) { $0.downsample = 4 }
    #expect(thin.fixedFactors == [1, 4, 4])
    #expect(thin.notes.contains { $0.contains("z (40 voxels) by 1 in place of 4") && !$0.contains("y (") }, "\(thin.notes)")
    #expect(try !plan([200, 700, 600]) { $0.downsample = 4 }.notes.contains { $0.contains("averages") })
    // What nobody asked for needs no note.
    #expect(try !plan([40, 700, 600]).notes.contains { $0.contains("averages") })
  }

  @Test func theCoarseStepGetsCoarserUntilItFits() throws {
    let plan = try plan([1000, 1000, 1000]) { $0.memory = MemoryBudget(bytes: 500_000_000) }
    #expect(plan.fixedFactors[0] > 4 && plan.notes.contains { $0.contains("downsampling by") })
    #expect(throws: PipelineError.self) { try self.plan([1000, 1000, 1000]) { $0.memory = MemoryBudget(bytes: 61_000_000) } }
  }

  @Test func factorsComeFromSpacingAndLeaveThirtyTwoVoxels() {
    func factors(_ extent: Extent, _ spacing: [Double], _ target: Double) -> [Int] {
      PhysicalScale.factors(extent: extent, spacing: spacing, target: target)
    }
    #expect(factors([1000, 1000, 1000], [1, 1, 1], 4) == [4, 4, 4])
    #expect(factors([1000, 1000, 1000], [4, 1, 2], 4) == [1, 4, 2])
    #expect(factors([1000, 1000, 1000], [5, 1, 1], 4) == [1, 4, 4])
    #expect(factors([100, 70, 40], [1, 1, 1], 8) == [3, 2, 1])
    #expect(factors([10, 1000, 1000], [1, 1, 1], 4) == [1, 4, 4])
    // The nearer by ratio: 1.4 is nearer to 1, 1.45 to 2.
    #expect(factors([1000, 1000, 1000], [1, 1, 1], 1.4) == [1, 1, 1])
    #expect(factors([1000, 1000, 1000], [1, 1, 1], 1.45) == [2, 2, 2])
  }

  @Test func bothImagesComeToOneScale() throws {
    let plan = try plan([200, 800, 800], spacing: [4, 1, 1], moving: ([400, 400, 400], [2, 2, 2]))
    #expect(plan.fixedFactors == [1, 4, 4] && plan.movingFactors == [2, 2, 2])
    #expect(plan.coarseExtent == [200, 200, 200])
  }
}
