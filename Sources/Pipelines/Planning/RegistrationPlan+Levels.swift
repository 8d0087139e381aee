// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Volumes

extension RegistrationPlan {
  /// The levels of blocks, coarsest first.
  ///
  /// - Parameters:
  ///   - core: the asked core, in voxels of each level.
  ///   - memory: the budget; what one block may take of it; what all that run at once may take.
  ///   - imageVoxels: voxels of the larger image.
  /// - Throws: `PipelineError` where not even the smallest blocks fit the memory.
  static func levels(
    fixed: LazyVolume, coarseFactors: [Int], core: Extent, overlap: Overlap, options: RegistrationOptions, frozen: FrozenPlan?,
    memory: (budget: MemoryBudget, ofOne: Int, ofAll: Int), imageVoxels: Int, threads: Int, notes: inout [String]
  ) throws -> [BlockLevel] {
    let scales =
      frozen.map { ($0.coarserLevels ?? []).map { ($0.scale, $0.factors) } + [(1, [1, 1, 1])] }
      ?? (options.stages.contains(.fine)
        ? Cascade.levels(asked: options.levels, coarseFactors: coarseFactors, region: fixed.extent, spacing: spatial(fixed))
        : [(1, [1, 1, 1])])
    let kept = MemoryModel.betweenLevels(scales.count)
    return try scales.enumerated().map { index, level in
      let (scale, factors) = level
      let extent = fixed.extent.dividedRoundingUp(by: Extent(factors))
      let isFull = index == scales.count - 1
      func need(_ voxels: Int) -> Int { MemoryModel.block(voxels: voxels, isAveraged: !isFull, imageVoxels: imageVoxels) }
      // What is said of the blocks is said of those at full resolution.
      var said: [String] = []
      let frozenCore = frozen.map { isFull ? $0.core : $0.coarserLevels![index].core }
      let fitted = try fittedCore(
        frozenCore.map { Extent($0) } ?? core, extent: extent, overlap: overlap, available: memory.ofOne - kept, memory: memory.budget,
        isFrozen: frozen != nil, need: need, notes: &said)
      let grid = BlockGrid(extent: extent, core: fitted, overlap: overlap)
      if case .voxels(let voxels) = overlap, zip(grid.halo.lengths, extent.lengths).contains(where: { $0 < voxels && $1 > 1 }) {
        said.append("the overlap of \(voxels) voxels is clipped to \(grid.halo), one less than the core at the most")
      }
      if isFull { notes += said }
      let bytes = need(largestBlock(core: grid.core.lengths, halo: grid.halo.lengths, of: extent))
      let atOnce = max(1, min(threads, grid.count, (memory.ofAll - kept) / max(bytes, 1)))
      return BlockLevel(
        scale: scale, factors: factors, grid: grid, blocksAtOnce: atOnce, threadsPerBlock: max(1, threads / atOnce), blockBytes: bytes)
    }
  }

  /// Voxels of the largest block with its halo: the first block of an axis has none before it, and the last none behind.
  static func largestBlock(core: [Int], halo: [Int], of extent: Extent) -> Int {
    (0..<3).map { axis in
      let blocks = (extent[axis] + core[axis] - 1) / core[axis]
      return min(core[axis] + min(blocks - 1, 2) * halo[axis], extent[axis])
    }.reduce(1, *)
  }

  /// The asked core, its longest axis halved until a block with its halo fits.
  static func fittedCore(
    _ asked: Extent, extent: Extent, overlap: Overlap, available: Int, memory: MemoryBudget, isFrozen: Bool,
    need bytes: (Int) -> Int, notes: inout [String]
  ) throws -> Extent {
    var core = zip(asked.lengths, extent.lengths).map { min($0, $1) }
    func need(_ core: [Int]) -> Int {
      bytes(largestBlock(core: core, halo: overlap.halo(core: Extent(core)).lengths, of: extent))
    }
    if isFrozen, need(core) > available {
      throw PipelineError(
        "the blocks of the run that is resumed, of \(Extent(core)), need \(MemoryBudget.describe(need(core) + MemoryModel.base)) each, and "
          + "--memory allows \(memory)", hint: "give more memory, or begin again with smaller blocks, by `weft register --chunk-size`")
    }
    while need(core) > available {
      let longest = core.indices.max { core[$0] < core[$1] }!
      guard core[longest] > 32 else {
        throw PipelineError(
          "a block of \(Extent(core)) needs \(MemoryBudget.describe(need(core) + MemoryModel.base)), and --memory allows \(memory)",
          hint: "give more memory, or a smaller --overlap")
      }
      core[longest] = (core[longest] + 1) / 2
    }
    if core != zip(asked.lengths, extent.lengths).map({ min($0, $1) }) {
      notes.append("blocks of \(Extent(core)) in place of \(asked), so that one with its halo fits in \(MemoryBudget.describe(available))")
    }
    return Extent(core)
  }
}
