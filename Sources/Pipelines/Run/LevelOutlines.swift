// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Transforms

/// The stages of one level of blocks as a plan fixes them.
struct LevelOutlines {
  /// Those that register the blocks.
  let blocks: [StageOutline]
  /// Those that make one field of what they found.
  let field: [StageOutline]

  init(_ plan: RegistrationPlan, _ index: Int, _ options: RegistrationOptions) {
    typealias Name = RegistrationRun.StageName
    let level = plan.levels[index]
    let regions = FieldRegions(SplineLattice(extent: level.grid.extent, stride: plan.fieldStride)).tasks
    // What was said of the blocks before there were levels is said of those at full resolution.
    func key(_ text: String) -> String { level.isFull ? text : "\(text) at scale \(level.scale)" }
    let stride = ["field stride": "\(plan.fieldStride)"]
    var own = stride.merging([key("blocks"): "\(level.grid.core)", key("overlap"): "\(level.grid.halo)"]) { first, _ in first }
    if !level.isFull { own[key("factors")] = "\(level.factors)" }
    func outline(_ name: String, _ parameters: [String: String] = [:], tasks: Int?) -> StageOutline {
      StageOutline(level.name(name), parameters: parameters, tasks: tasks)
    }
    blocks =
      (index == 0 ? [] : [outline(Name.carry, tasks: regions)])
      + [outline(Name.fine, own, tasks: level.grid.count), outline(Name.retry, tasks: nil)]
    field =
      [outline(Name.blend, ["blend sigma": "\(options.blendSigma)"], tasks: regions)]
      + (index == 0 ? [] : [outline(Name.compose, tasks: regions)])
      + [outline(Name.check, stride, tasks: regions), outline(Name.repair, tasks: 1)]
  }
}

extension LevelRun {
  /// One of its stages, ready to run; `nil` where the name is not of one.
  func stage(_ name: String, _ journal: Journal) throws -> Stage? {
    switch name {
    case plan.name(RegistrationRun.StageName.carry): isFirst ? nil : try carryStage()
    case plan.name(RegistrationRun.StageName.fine): try fineStage()
    case plan.name(RegistrationRun.StageName.retry): try retryStage(journal)
    case plan.name(RegistrationRun.StageName.blend): try blendStage(journal)
    case plan.name(RegistrationRun.StageName.compose): isFirst ? nil : try composeStage()
    case plan.name(RegistrationRun.StageName.check): try checkStage(journal)
    case plan.name(RegistrationRun.StageName.repair): try repairStage(journal)
    default: nil
    }
  }
}
