// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids

/// What a run needs in memory, in bytes: a little above the peaks that were measured. `MemoryModelTests` compares the two.
enum MemoryModel {
  /// The program, its libraries and small tables.
  static let base = 66_000_000
  /// What the allocator keeps of one level of blocks, in pieces that the next level cannot use.
  static let keptBetweenLevels = 12_000_000
  /// A voxel of a block in the fine stage: images, masks, positions, then the engine's pyramids, window sums and fields.
  static let bytesPerFineVoxel = 50
  /// A voxel of a block while it is read and averaged.
  static let bytesPerAveragedVoxel = 36
  /// A voxel of the coarse lattice while the coarse stage runs: two images and their pyramids, two fields and inverses, window sums.
  static let bytesPerCoarseVoxel = 78
  /// The same with ITK's engine, whose fields are of double precision.
  static let bytesPerCoarseVoxelOfITK = 300
  /// A voxel of the lattice on which starts are tried (spectra, padded), and the most that this comes to, since that lattice is no finer
  /// than it needs to be.
  static let bytesPerSearchedVoxel = 1200
  static let mostSearched = 150_000_000
  /// A voxel of the coarse lattice afterwards: the warp, its inverse, the foreground.
  static let bytesKeptPerCoarseVoxel = 25
  /// A voxel of what a thread reads at once to average or to resample it, which is about four million voxels or the whole image.
  static let bytesPerReadVoxel = 6
  static let mostReadVoxels = 4 << 20
  /// A voxel of an output box: displacements, positions, values.
  static let bytesPerResampledVoxel = 20

  /// What so many levels of blocks leave for each other.
  static func betweenLevels(_ levels: Int) -> Int { levels > 1 ? keptBetweenLevels : 0 }

  /// An output box of so many voxels that is filled from an image of `imageVoxels`.
  static func box(voxels: Int, imageVoxels: Int) -> Int {
    min(imageVoxels, mostReadVoxels) * bytesPerReadVoxel + voxels * bytesPerResampledVoxel
  }

  /// Voxels of the boxes in which an image of `extent` is written.
  static func boxVoxels(rank: Int, extent: Extent) -> Int {
    zip(ImageResampler.chunk(rank: rank).lengths, extent.lengths).map(min).reduce(1, *)
  }

  /// How many boxes are worked on at once within `available` bytes.
  static func boxesAtOnce(rank: Int, extent: Extent, imageVoxels: Int, threads: Int, available: Int) -> Int {
    max(1, min(threads, available / box(voxels: boxVoxels(rank: rank, extent: extent), imageVoxels: imageVoxels)))
  }

  /// A block with its halo. One of a level that is averaged while it is read needs positions, what was read and its sums, beside what is
  /// averaged at once.
  static func block(voxels: Int, isAveraged: Bool, imageVoxels: Int) -> Int {
    let registered = voxels * bytesPerFineVoxel
    guard isAveraged else { return registered }
    return max(registered, voxels * bytesPerAveragedVoxel + min(imageVoxels, mostReadVoxels) * bytesPerReadVoxel)
  }

  /// - Throws: `PipelineError` where the budget is less than an output box needs beside all else.
  static func require(_ need: Int, within memory: MemoryBudget) throws {
    if need > memory.bytes { throw tooLittle(memory, for: "an output box", of: need) }
  }

  /// What is said of a budget that is less than something needs at the least.
  static func tooLittle(_ memory: MemoryBudget, for what: String, of need: Int) -> PipelineError {
    PipelineError(
      "\(what) needs \(MemoryBudget.describe(need)) at the least, and --memory allows \(memory)",
      hint: "give --memory \(Int((Double(need) / 1e6).rounded(.up)))MB or more")
  }

  /// The coarse stage on images of so many voxels.
  static func coarse(voxels: Int, engine: RegistrationEngine) -> Int {
    max(voxels * (engine == .itk ? bytesPerCoarseVoxelOfITK : bytesPerCoarseVoxel), min(mostSearched, voxels * bytesPerSearchedVoxel))
  }
}
