// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids

/// What a run needs in memory, in bytes: a little above the peaks that were measured. `MemoryModelTests` compares the two.
enum MemoryModel {
  /// The program, its libraries and small tables.
  static let base = 68_000_000
  /// What the allocator keeps of one level of blocks, in pieces that the next level cannot use.
  static let keptBetweenLevels = 12_000_000
  /// A voxel of a block in the fine stage: images, masks, positions, then the engine's pyramids, window sums and fields.
  static let bytesPerFineVoxel = 50
  /// A voxel of a probe in which a block's quality is measured: images, masks, positions, local means and deviations.
  static let bytesPerProbedVoxel = 60
  /// A voxel of a block while it is read and averaged.
  static let bytesPerAveragedVoxel = 36
  /// A voxel of the coarse lattice while the coarse stage runs: two images and their pyramids, two fields and inverses, window sums.
  static let bytesPerCoarseVoxel = 83
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
  static let bytesPerResampledVoxel = 22
  /// A voxel of an output box while its place in the fixed image is searched for.
  static let bytesPerInvertedVoxel = 12
  /// A control point of the local field there: its components, and once more side by side.
  static let bytesPerInvertedPoint = 28
  /// The most control points that are held at once about a box of voxels far apart.
  static let mostFieldPoints = 2 << 20
  /// A voxel's position that is kept for other channels and times.
  static let bytesPerKeptPosition = 12
  /// A point of the coarse warp, whose inverse is held too.
  static let bytesPerWarpPoint = 12

  /// What so many levels of blocks leave for each other.
  static func betweenLevels(_ levels: Int) -> Int { levels > 1 ? keptBetweenLevels : 0 }

  /// A box of an output image of `extent` that is filled from an image of `imageVoxels`.
  static func box(rank: Int, of extent: Extent, imageVoxels: Int) -> Int {
    min(imageVoxels, mostReadVoxels) * bytesPerReadVoxel + boxExtent(rank: rank, of: extent).count * bytesPerResampledVoxel
  }

  /// The largest box in which an image of `extent` is written.
  static func boxExtent(rank: Int, of extent: Extent) -> Extent {
    Extent(zip(ImageResampler.chunk(rank: rank).lengths, extent.lengths).map(min))
  }

  /// How many boxes of `bytes` each are worked on at once within `available` bytes.
  static func boxesAtOnce(of bytes: Int, threads: Int, available: Int) -> Int { max(1, min(threads, available / bytes)) }

  /// Decoded chunks that are kept where so much is free: boxes of an image and of a field share half a dozen chunks with those beside them.
  static func decodedChunks(available: Int) -> Int { max(0, min(256 << 20, available / 4)) }

  /// A block with its halo. One of a level that is averaged while it is read needs positions, what was read and its sums, beside what is
  /// averaged at once.
  static func block(voxels: Int, isAveraged: Bool, imageVoxels: Int) -> Int {
    let registered = voxels * bytesPerFineVoxel
    guard isAveraged else { return registered }
    return max(registered, voxels * bytesPerAveragedVoxel + min(imageVoxels, mostReadVoxels) * bytesPerReadVoxel)
  }

  /// The largest probe of a block's quality.
  static func probe(grid: BlockGrid) -> Int { QualityProbes.largest(core: grid.core).count * bytesPerProbedVoxel }

  /// - Throws: `PipelineError` where the budget is less than an output box needs beside all else.
  static func require(_ need: Int, within memory: MemoryBudget) throws {
    if need > memory.bytes { throw tooLittle(memory, for: "an output box", of: need) }
  }

  /// What is said of a budget that is less than something needs at the least.
  static func tooLittle(_ memory: MemoryBudget, for what: String, of need: Int) -> PipelineError {
    PipelineError(
      "\(what) needs \(MemoryBudget.describe(need)) at the least, and --memory allows \(memory)",
      hint: "give --memory \(Int((Double(need) / 1e6).rounded(.up)))MB or more; Docs/Guides/troubleshooting.md tells what memory goes by")
  }

  /// The coarse stage on images of so many voxels.
  static func coarse(voxels: Int, engine: RegistrationEngine) -> Int {
    max(voxels * (engine == .itk ? bytesPerCoarseVoxelOfITK : bytesPerCoarseVoxel), min(mostSearched, voxels * bytesPerSearchedVoxel))
  }
}
