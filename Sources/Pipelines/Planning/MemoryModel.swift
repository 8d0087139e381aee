// SPDX-License-Identifier: Apache-2.0

/// What a run needs in memory, in bytes: upper bounds on peaks that were measured (Tests/Accuracy/memory).
enum MemoryModel {
  /// The program, its libraries and small tables.
  static let base = 70_000_000
  /// A voxel of a block in the fine stage: images, masks, positions, then the engine's pyramids, window sums and fields.
  static let bytesPerFineVoxel = 90
  /// A voxel of the coarse lattice while the coarse stage runs: two images and their pyramids, two fields and inverses, window sums.
  static let bytesPerCoarseVoxel = 180
  /// A voxel of the coarse lattice afterwards: the warp, its inverse, the foreground.
  static let bytesKeptPerCoarseVoxel = 25
  /// A voxel of an output block that is resampled: displacements, positions, values, and the moving voxels read for it.
  static let bytesPerResampledVoxel = 64

  /// How many threads may resample at once within `available` bytes, for output blocks of so many voxels.
  static func resampledAtOnce(threads: Int, blockVoxels: Int, available: Int) -> Int {
    // A block that maps to a large box reads at most 16 million voxels at a time; most read about their own size.
    max(1, min(threads, (available - (64 << 20)) / (blockVoxels * bytesPerResampledVoxel)))
  }

  static func fineBlock(voxels: Int) -> Int { voxels * bytesPerFineVoxel }

  static func coarse(fixedVoxels: Int, movingVoxels: Int) -> Int { max(fixedVoxels, movingVoxels) * bytesPerCoarseVoxel }
}
