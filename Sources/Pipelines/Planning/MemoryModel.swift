// SPDX-License-Identifier: Apache-2.0

/// What a run needs in memory, in bytes; a test compares it with measured peaks.
struct MemoryModel: Sendable {
  /// The program, its libraries and small tables.
  static let base = 60_000_000
  /// A voxel of a block in the fine stage: images, warped image, window sums, fields, update, masks.
  static let bytesPerFineVoxel = 100
  /// A voxel of the coarse lattice: two images and pyramids, two fields and their inverses, window sums, ITK's copies.
  static let bytesPerCoarseVoxel = 220
  /// A voxel of an output block that is resampled: positions, values, and the moving voxels read for it.
  static let bytesPerResampledVoxel = 32

  static func fineBlock(voxels: Int) -> Int { voxels * bytesPerFineVoxel }
  static func coarse(fixedVoxels: Int, movingVoxels: Int) -> Int { max(fixedVoxels, movingVoxels) * bytesPerCoarseVoxel }
}
