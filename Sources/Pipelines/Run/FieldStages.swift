// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

/// How the whole map `T` behaves over a part of the registered region.
package struct MapCheck: Codable, Equatable {
  /// The least determinant of the Jacobian of `T`, divided by that of the affine map.
  package var minimum = Double.infinity
  /// The largest one.
  package var maximum = -Double.infinity
  /// Voxels where it is not positive.
  package var folded = 0
  /// Those of them where the coarse map folds by itself, which no local field can mend.
  package var coarseFolded = 0
  /// Voxels that map inside the moving image.
  package var inside = 0
  /// Whether the local field is to be smoothed somewhere there.
  package var isSuspect = false

  /// Nothing looked at yet.
  package init() {}

  package mutating func add(_ other: MapCheck) {
    minimum = min(minimum, other.minimum)
    maximum = max(maximum, other.maximum)
    folded += other.folded
    coarseFolded += other.coarseFolded
    inside += other.inside
    isSuspect = isSuspect || other.isSuspect
  }
}

/// What the repair of the local field changed.
package struct FieldRepair: Codable {
  package var controlPoints = 0
  /// The map, anew, in the tasks of `check` where the field was changed.
  package var checks: [Int: MapCheck] = [:]
  package var isComplete = true
  /// Stored chunks of the repaired field; `nil` where there was nothing to repair.
  var storedChunks: Int?
}

extension LevelRun {
  private typealias StageName = RegistrationRun.StageName

  /// Blends the blocks' fields into one.
  func blendStage(_ journal: Journal) throws -> Stage {
    let blender = blender(try blocks(journal))
    return try fieldStage(StageName.blend, tasks: affectedTasks(StageName.blend)) { try blender.blended(on: $0) }
  }

  /// What the blocks found, and how it is joined.
  func blender(_ blocks: BlockRegistrations) -> FieldBlender {
    FieldBlender(grid: grid, sigma: registration.options.blendSigma, lattice: lattice) { block, region in
      let record = blocks.records[block.number]
      return record.state == .registered ? try blocks.store.read(block, isAgain: record.attempt != .planned, region: region) : nil
    }
  }

  /// Measures the Jacobian of the whole map.
  func checkStage(_ journal: Journal) throws -> Stage {
    let field = run.isFine ? try LocalField.open(at: path(lastFieldStage), lattice: lattice) : nil
    let regions = FieldRegions(lattice)
    let inspector = try inspector(field)
    return Stage(plan.name(StageName.check), tasks: try affectedTasks(StageName.check), width: registration.plan.boxesAtOnce) { task in
      let sum = try inspector.check(regions.voxels(of: regions.region(task))).check
      return TaskOutcome(
        state: sum.folded > 0 ? "folded" : nil, result: String(decoding: try RunFolder.encoder.encode(sum), as: UTF8.self))
    }
  }

  /// Smooths the field where the map folds, in rounds, in a copy of the field: one task, which begins anew when it was interrupted.
  func repairStage(_ journal: Journal) throws -> Stage {
    let suspects = try checks(journal).filter { $0.value.isSuspect }.keys.sorted()
    let regions = FieldRegions(lattice)
    let inspectorSource = inspector
    let copy = path(StageName.repair)
    return Stage(
      plan.name(StageName.repair), tasks: .all(1), width: 1, isExclusive: true,
      isPresent: { [lattice] _, outcome in
        guard let text = outcome.result, let repair = try? RunFolder.decoder.decode(FieldRepair.self, from: Data(text.utf8)) else {
          return false
        }
        guard let chunks = repair.storedChunks else { return true }
        return (try? LocalField.open(at: copy, lattice: lattice).storedChunkCount()) == chunks
      }
    ) { [registration, lattice, joined = path(lastFieldStage)] _ in
      var repair = FieldRepair()
      if !suspects.isEmpty {
        // The copy shares its files: what is damaged there is damaged here, and is made by its stage.
        try LocalField.open(at: joined, lattice: lattice).check()
        let files = FileManager.default
        let partial = copy + ".partial"
        for old in [partial, copy] where files.fileExists(atPath: old) { try files.removeItem(atPath: old) }
        try files.linkOrCopyFolder(joined, to: partial)
        let field = try LocalField.open(at: partial, lattice: lattice)
        repair = try FoldRepair(regions: regions, inspector: try inspectorSource(field)).run(field, suspects: suspects)
        repair.storedChunks = field.storedChunkCount()
        try files.moveItem(atPath: partial, toPath: copy)
        if !repair.isComplete { registration.progress.report(.warning("the map still folds somewhere after smoothing the local field")) }
      }
      return TaskOutcome(
        state: suspects.isEmpty ? nil : "repaired", result: String(decoding: try RunFolder.encoder.encode(repair), as: UTF8.self))
    }
  }

  /// How the whole map behaves in the end, and how many control points were changed for that.
  func mapStatistics(_ journal: Journal) throws -> (map: MapStatistics, repaired: Int) {
    var all = try checks(journal)
    var repaired = 0
    if run.isFine, let repair = try repair(journal) {
      all.merge(repair.checks) { _, new in new }
      repaired = repair.controlPoints
    }
    var whole = MapCheck()
    for check in all.values { whole.add(check) }
    let percent = 100 / Double(grid.extent.count)
    return (
      MapStatistics(
        minimumJacobian: whole.minimum, foldingPercent: percent * Double(whole.folded),
        coarseFoldingPercent: percent * Double(whole.coarseFolded), insidePercent: percent * Double(whole.inside)),
      repaired
    )
  }

  /// What the repair changed; `nil` where there was none.
  func repair(_ journal: Journal) throws -> FieldRepair? {
    try run.entries(of: plan.name(StageName.repair), journal)[0]?.outcome.result.map { text in
      try RunFolder.decoder.decode(FieldRepair.self, from: Data(text.utf8))
    }
  }

  private func checks(_ journal: Journal) throws -> [Int: MapCheck] {
    try run.entries(of: plan.name(StageName.check), journal).mapValues { entry in
      try RunFolder.decoder.decode(MapCheck.self, from: Data((entry.outcome.result ?? "").utf8))
    }
  }

  func inspector(_ field: LocalField?) throws -> MapInspector {
    let moving = registration.movingPyramid.finest
    return MapInspector(
      transform: try transform(), field: field, extent: grid.extent, moving: moving.space, movingExtent: moving.extent,
      threshold: registration.leastDeterminant)
  }
}
