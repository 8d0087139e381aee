// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Grids
internal import Volumes

/// What a registration will do, fixed before it begins: grid, factors, memory and disk.
public struct RegistrationPlan: Sendable {
  /// The preset in force, never `auto`.
  public let preset: Preset
  /// Why that preset.
  public let presetReason: String
  /// Voxels of the region of the fixed image that is registered, as its own rank has them.
  public let extent: Extent
  /// The overlap in force.
  public let overlap: Overlap
  /// Mean-downsampling factors of the coarse stage for the fixed image, z, y, x.
  public let fixedFactors: [Int]
  /// Mean-downsampling factors of the coarse stage for the moving image, z, y, x.
  public let movingFactors: [Int]
  /// Voxels of the coarse fixed image.
  public let coarseExtent: Extent
  /// The budget in force.
  public let memory: MemoryBudget
  /// Threads in force.
  public let threads: Int
  /// The levels of blocks, coarsest first; the last has `grid`. One, where the coarse stage leaves no more than one can find.
  public let levels: [BlockLevel]
  /// Output boxes that are blended or resampled at once.
  public let boxesAtOnce: Int
  /// The most memory the stages are expected to take, in bytes.
  public let expectedMemory: Int
  /// The memory that a block run again with a wider halo may take, in bytes.
  let widestBlock: Int
  /// Bytes of the inputs that stay in memory, because their files cannot be read in parts.
  public let residentBytes: Int
  /// Bytes of the registered image before compression, with its pyramid, and of the local field.
  public let outputBytes: Int
  /// Bytes of the fields that lie in the work folder until the end.
  public let workBytes: Int
  /// What was changed to fit, in words.
  public let notes: [String]
  /// Voxels between control points of the local field.
  public let fieldStride: Int

  /// The level at full resolution.
  var full: BlockLevel { levels[levels.count - 1] }
  /// The blocks of the fine stage at full resolution, on three axes (2D as one plane).
  public var grid: BlockGrid { full.grid }
  /// Blocks that run at once in the fine stage at full resolution.
  public var blocksAtOnce: Int { full.blocksAtOnce }
  /// Threads of each of them.
  public var threadsPerBlock: Int { full.threadsPerBlock }
}

extension RegistrationPlan {
  /// A plan for a pair.
  ///
  /// - Parameters:
  ///   - fixed: the region of the fixed image that is registered, on three axes.
  ///   - whole: the whole fixed image, on three axes.
  ///   - frozen: the numbers of a run that is resumed: they are taken as they are.
  /// - Throws: `PipelineError` where not even the smallest blocks fit the memory.
  static func make(
    fixed: LazyVolume, whole: LazyVolume, moving: LazyVolume, movingChannels: Int, rank: Int, options: RegistrationOptions,
    frozen: FrozenPlan? = nil
  ) throws -> RegistrationPlan {
    let bytes = max(whole.extent.count * whole.source.voxelType.size, moving.extent.count * moving.source.voxelType.size)
    let preset = options.preset == .auto ? Preset.fitting(bytes: bytes) : options.preset
    let reason =
      options.preset == .auto
      ? "the larger input has \(MemoryBudget.describe(bytes))" : "as asked (the larger input has \(MemoryBudget.describe(bytes)))"
    let memory = options.budget
    let threads = options.threadCount
    var notes: [String] = []

    // Without a budget of the user's, what is planned does not depend on how much memory happens to be free, from 4 GB on.
    let planned = options.memory == nil ? MemoryBudget(bytes: min(memory.bytes, 4_000_000_000)) : memory
    let resident = try MemoryModel.residentBytes(of: [whole, moving], within: memory, decided: planned)
    let available = max(planned.bytes, resident) - resident - MemoryModel.base
    let (fixedFactors, movingFactors) =
      try frozen.map { ($0.fixedFactors, $0.movingFactors) }
      ?? coarseFactors(
        fixed: whole, moving: moving, asked: options.downsample ?? preset.downsample, engine: options.engine, available: available,
        memory: memory, notes: &notes)
    if let downsample = options.downsample { notes += thinAxes(of: whole, fixedFactors, downsample) }
    let coarseExtent = whole.extent.dividedRoundingUp(by: Extent(fixedFactors))
    let movingCoarse = moving.extent.dividedRoundingUp(by: Extent(movingFactors))

    let overlap = options.overlap ?? preset.overlap
    let asked = try requestedCore(options.blockExtent, preset: preset, rank: rank)
    // What the coarse stage leaves behind stays in memory.
    let kept = coarseExtent.count * MemoryModel.bytesKeptPerCoarseVoxel
    let forBlocks = available - kept
    let imageVoxels = max(whole.extent.count, moving.extent.count)
    let levels = try levels(
      fixed: fixed, coarseFactors: fixedFactors, core: asked, overlap: overlap, options: options, frozen: frozen,
      memory: (memory, forBlocks, memory.bytes - MemoryModel.base - resident - kept), imageVoxels: imageVoxels, threads: threads,
      notes: &notes)
    let between = MemoryModel.betweenLevels(levels.count)
    let boxBytes = MemoryModel.box(rank: rank, of: fixed.extent, imageVoxels: imageVoxels)
    try MemoryModel.require(MemoryModel.base + resident + kept + between + boxBytes, within: memory)
    let boxesAtOnce = MemoryModel.boxesAtOnce(of: boxBytes, threads: threads, available: forBlocks - between)
    let voxels = fixed.extent.count
    let stride = options.fieldStride ?? preset.fieldStride
    let lattice = voxels / (stride * stride * (rank == 2 ? 1 : stride))
    let voxelSize = moving.source.voxelType.size
    let coarseBytes = MemoryModel.coarse(voxels: max(coarseExtent.count, movingCoarse.count), engine: options.engine)
    let fineBytes = options.stages.contains(.fine) ? levels.map { $0.blocksAtOnce * $0.blockBytes }.max()! : 0
    return RegistrationPlan(
      preset: preset, presetReason: reason, extent: Extent(rank == 2 ? Array(fixed.extent.lengths.dropFirst()) : fixed.extent.lengths),
      overlap: overlap, fixedFactors: fixedFactors, movingFactors: movingFactors, coarseExtent: coarseExtent, memory: memory,
      threads: threads, levels: levels, boxesAtOnce: boxesAtOnce,
      expectedMemory: MemoryModel.base + resident + max(coarseBytes, fineBytes + kept + between, boxesAtOnce * boxBytes + kept + between),
      widestBlock: frozen?.widestBlock ?? forBlocks - between, residentBytes: resident,
      outputBytes: voxels * voxelSize * movingChannels * 8 / 7 + lattice * 12, workBytes: lattice * 12 * (levels.count > 1 ? 4 : 2),
      notes: notes,
      fieldStride: stride)
  }

  private static func requestedCore(_ asked: [Int]?, preset: Preset, rank: Int) throws -> Extent {
    guard let asked else { return preset.core }
    guard asked.count == 1 || asked.count == rank, asked.allSatisfy({ $0 > 0 }) else {
      throw PipelineError(
        "--chunk-size \(asked.map(String.init).joined(separator: ",")) does not fit an image of \(rank) axes",
        hint: "give one number above 0, or \(rank) of them")
    }
    if asked.count == 1 { return Extent([Int](repeating: asked[0], count: 3)) }
    return Extent(rank == 2 ? [1] + asked : asked)
  }

  /// The spacing of a volume, infinite along axes of one voxel.
  static func spatial(_ volume: LazyVolume) -> [Double] {
    zip(volume.space.spacing, volume.extent.lengths).map { $1 == 1 ? .infinity : $0 }
  }

  /// A note where axes of the fixed image are too short for the factor that was asked for.
  private static func thinAxes(of fixed: LazyVolume, _ factors: [Int], _ downsample: Int) -> [String] {
    let spacing = spatial(fixed)
    let asked = PhysicalScale.nearestFactors(extent: fixed.extent, spacing: spacing, target: Double(downsample) * (spacing.min() ?? 1))
    let thin = (0..<3).filter { fixed.extent[$0] > 1 && factors[$0] < asked[$0] }
    guard !thin.isEmpty else { return [] }
    let axes = thin.map { "\(["z", "y", "x"][$0]) (\(fixed.extent[$0]) voxels) by \(factors[$0]) in place of \(asked[$0])" }
    return [
      "the coarse step averages \(axes.joined(separator: ", ")): no axis is left with fewer than \(PhysicalScale.fewestVoxels) voxels"
    ]
  }

  /// Factors at or above the asked one whose coarse images fit the memory.
  private static func coarseFactors(
    fixed: LazyVolume, moving: LazyVolume, asked: Int, engine: RegistrationEngine, available: Int, memory: MemoryBudget,
    notes: inout [String]
  ) throws -> ([Int], [Int]) {
    let finest = spatial(fixed).min() ?? 1
    var downsample = max(1, asked)
    while true {
      let target = Double(downsample) * finest
      let fixedFactors = PhysicalScale.factors(extent: fixed.extent, spacing: spatial(fixed), target: target)
      let movingFactors = PhysicalScale.factors(extent: moving.extent, spacing: spatial(moving), target: target)
      let voxels = [(fixed, fixedFactors), (moving, movingFactors)].map { $0.0.extent.dividedRoundingUp(by: Extent($0.1)).count }
      let need = MemoryModel.coarse(voxels: voxels.max()!, engine: engine)
      if need <= available {
        if downsample > asked { notes.append("downsampling by \(downsample) in place of \(asked), so that the coarse step fits \(memory)") }
        return (fixedFactors, movingFactors)
      }
      guard downsample < 1024 else {
        throw MemoryModel.tooLittle(memory, for: "the coarse step", of: need + MemoryModel.base)
      }
      downsample += 1
    }
  }
}
