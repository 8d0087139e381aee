// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids

/// `plan.json` of a registration.
struct RegistrationPlanFile: PlanFile {
  static let kindName = "register"

  var kind = Self.kindName
  var weft = WeftVersion.current
  var fixed: InputIdentity
  var moving: InputIdentity
  /// Masks, and what it starts from.
  var others: [InputIdentity]?
  var options: RegistrationOptions
  var frozen: FrozenPlan
  var stages: [StageOutline]

  /// The registration that is planned.
  ///
  /// - Parameter isCoarseDone: whether masks and what it starts from are not read any more.
  func registration(
    _ options: RegistrationOptions, _ progress: any ProgressReporter, isCoarseDone: Bool = false
  ) throws -> ChunkedRegistration {
    try ChunkedRegistration(
      fixed: fixed.opened(), moving: moving.opened(), options: options, progress: progress, frozen: frozen, isCoarseDone: isCoarseDone)
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    return (RegistrationRun(try registration(options, progress), folder), options.retries)
  }
}

/// The numbers of a plan that results depend on, and that hence stay as they are while a run is resumed.
struct FrozenPlan: Codable, Equatable {
  /// What the numbers follow from: options that lead to others make a new plan.
  struct Cause: Codable, Equatable {
    var preset: Preset
    var blockExtent: [Int]?
    var overlap: String?
    var downsample: Int?
    var region: [Range<Int>]?
    var fieldStride: Int?
    var levels: [Int]?
    /// Levels are planned where there are blocks.
    var hasBlocks: Bool

    init(_ options: RegistrationOptions) {
      preset = options.preset
      blockExtent = options.blockExtent
      overlap = options.overlap?.description
      downsample = options.downsample
      region = options.region
      fieldStride = options.fieldStride
      levels = options.levels
      hasBlocks = options.stages.contains(.fine)
    }
  }

  /// The numbers of a level of blocks coarser than full resolution.
  struct Level: Codable, Equatable {
    var scale: Int
    var factors: [Int]
    var core: [Int]
  }

  var cause: Cause
  /// Coarsest first; `nil` where the blocks have but one level.
  var coarserLevels: [Level]?
  var core: [Int]
  var fixedFactors: [Int]
  var movingFactors: [Int]
  /// The memory that a block run again with a wider halo may take, in bytes.
  var widestBlock: Int

  init(_ plan: RegistrationPlan, _ options: RegistrationOptions) {
    cause = Cause(options)
    core = plan.grid.core.lengths
    if plan.levels.count > 1 {
      coarserLevels = plan.levels.dropLast().map { Level(scale: $0.scale, factors: $0.factors, core: $0.grid.core.lengths) }
    }
    fixedFactors = plan.fixedFactors
    movingFactors = plan.movingFactors
    widestBlock = plan.widestBlock
  }
}
