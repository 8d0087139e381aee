// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

/// One level of blocks of a run: carry → fine → retry → blend → compose → check → repair.
///
/// The first level starts from the coarse result alone: it has nothing to carry, and what is blended is the whole displacement so far.
struct LevelRun: Sendable {
  let run: RegistrationRun
  /// Which of the plan's levels.
  let index: Int

  var registration: ChunkedRegistration { run.registration }
  var plan: BlockLevel { registration.plan.levels[index] }
  var grid: BlockGrid { plan.grid }
  var isFirst: Bool { index == 0 }
  var isFull: Bool { plan.isFull }

  /// The control points of its field.
  var lattice: SplineLattice { SplineLattice(extent: grid.extent, stride: registration.plan.fieldStride) }

  /// The level before.
  var coarser: LevelRun { LevelRun(run: run, index: index - 1) }

  /// The lattice of its voxels.
  var space: PhysicalSpace { registration.fixedRegion.space.downsampled(by: plan.factors) }

  /// Affine map and coarse warp, for boxes of this level's voxels.
  func transform() throws -> ComposedTransform {
    var transform = try run.coarse().transform
    transform.fixedSpace = space
    return transform
  }

  /// Where one of its stages writes a field.
  func path(_ stage: String) -> String { run.fieldPath(plan.name(stage)) }

  /// The stage that gives the whole displacement so far, before it is repaired.
  var lastFieldStage: String { isFirst ? RegistrationRun.StageName.blend : RegistrationRun.StageName.compose }

  /// The displacement that its blocks start from; `nil` for none.
  func start() throws -> LocalField? {
    if isFirst { return nil }
    if case .image(_, let blocks?) = run.part { return blocks.start }
    return try LocalField.open(at: path(RegistrationRun.StageName.carry), lattice: lattice)
  }

  /// The whole displacement in the end: the repaired one where there was something to repair.
  func finalField() throws -> LocalField? {
    guard run.isFine else { return nil }
    let repaired = path(RegistrationRun.StageName.repair)
    return try LocalField.open(
      at: FileManager.default.fileExists(atPath: repaired) ? repaired : path(lastFieldStage), lattice: lattice)
  }

  /// The pair as its blocks see it.
  func images() throws -> LevelImages {
    let transform = try transform()
    return LevelImages(
      fixed: registration.fixedVolume(averagedBy: plan.factors), moving: registration.movingVolume(for: transform, isAveraged: !isFull),
      transform: transform, start: try start(), grid: grid, isAveraged: !isFull)
  }
}

extension RegistrationRun {
  /// The levels of blocks, coarsest first.
  var levels: [LevelRun] { registration.plan.levels.indices.map { LevelRun(run: self, index: $0) } }

  /// The level at full resolution.
  var full: LevelRun { LevelRun(run: self, index: registration.plan.levels.count - 1) }
}

extension ChunkedRegistration {
  /// The region that is registered, averaged.
  func fixedVolume(averagedBy factors: [Int]) -> LazyVolume {
    if factors.allSatisfy({ $0 == 1 }) { return fixedRegion }
    // A region may begin anywhere between the voxels of a pyramid's level.
    let isWhole = fixedRegion.extent == fixedPyramid.finest.extent
    return isWhole ? fixedPyramid.downsampled(by: factors) : fixedRegion.downsampled(by: factors)
  }
}
