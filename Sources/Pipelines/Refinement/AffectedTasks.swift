// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Synchronization
internal import Transforms

/// What the chosen blocks of a refinement act on.
extension LevelRun {
  private typealias StageName = RegistrationRun.StageName

  /// The tasks of a stage that writes or checks a field: of a refinement those alone whose results may change.
  func affectedTasks(_ stage: String) throws -> Stage.Selection {
    let regions = FieldRegions(lattice)
    guard let refinement = run.refinement else { return .all(regions.tasks) }
    func tasks(_ isAffected: (Box) throws -> Bool) rethrows -> Stage.Selection {
      .some(try (0..<regions.tasks).filter { try isAffected(regions.region($0)) })
    }
    switch stage {
    case StageName.blend: return .some(blendedTasks(refinement))
    case StageName.compose:
      let changes = try refinement.changes(.found, of: self)
      return tasks { changes.meet(RegionFit.voxels(of: $0, on: lattice)) }
    default:
      let changes = try refinement.changes(.joined, of: self)
      return tasks { changes.meet(regions.voxels(of: $0).expanded(by: [1, 1, 1])) }
    }
  }

  /// The tasks of the blend that chosen blocks have a part in.
  fileprivate func blendedTasks(_ refinement: Refinement) -> [Int] {
    let regions = FieldRegions(lattice)
    return Set(refinement.blocks.flatMap { regions.tasks(holding: lattice.controlPoints(for: grid[$0].extended)) }).sorted()
  }

  /// Whether the quality of a block may change: its place in the whole map does, or that of a neighbour it is compared with.
  func affectedBlocks() throws -> (Block) -> Bool {
    guard let refinement = run.refinement else { return { _ in true } }
    let changes = try refinement.changes(.whole, of: self)
    let near = Set(refinement.blocks.flatMap { [$0] + grid.neighboursAcrossFaces(of: grid[$0]).map(\.number) })
    return { block in
      near.contains(block.number) || changes.meet(block.core.expanded(by: [Int](repeating: QualityProbes.margin, count: 3)))
    }
  }
}

extension Refinement {
  /// A field of a run, as it is before and after the refinement.
  enum Field: Hashable {
    /// What the blocks of full resolution found.
    case found
    /// The whole displacement, before it is repaired.
    case joined
    /// The whole displacement in the end.
    case whole
  }

  /// Where a field is another than before; all stages up to the one that writes it are done.
  func changes(_ field: Field, of level: LevelRun) throws -> FieldChanges {
    if let known = held.changes.withLock({ $0[field] }) { return known }
    let regions = FieldRegions(level.lattice)
    func open(_ path: String) throws -> LocalField { try LocalField.open(at: path, lattice: level.lattice) }
    func changes(in stage: String, _ tasks: [Int]) throws -> FieldChanges {
      try FieldChanges(from: open(kept.fieldPath(stage)), to: open(level.path(stage)), in: tasks.map { regions.region($0) })
    }
    let blended = level.blendedTasks(self)
    let found: FieldChanges
    switch field {
    case .found: found = try changes(in: RegistrationRun.StageName.blend, blended)
    case .joined:
      found =
        level.isFirst
        ? try self.changes(.found, of: level)
        : try changes(in: RegistrationRun.StageName.compose, level.affectedTasks(RegistrationRun.StageName.compose).numbers)
    case .whole:
      let joined =
        level.isFirst ? blended : try level.affectedTasks(RegistrationRun.StageName.compose).numbers
      // A repair reaches control points of regions beside those that it looks at.
      let repaired = try [level.repair(Journal(level.run.folder, level.run.outlines)), kept.repair()].flatMap {
        $0?.checks.keys.sorted() ?? []
      }
      let margin = [Int](repeating: LocalField.chunk, count: 3)
      found = try FieldChanges(
        from: open(kept.wholeField), to: level.finalField()!,
        in: joined.map { regions.region($0) } + repaired.map { regions.region($0).expanded(by: margin).intersection(level.lattice.box) })
    }
    held.changes.withLock { $0[field] = found }
    return found
  }
}
