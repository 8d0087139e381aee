// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Synchronization
internal import Transforms
internal import Volumes

extension ChunkedRegistration {
  /// Blends the blocks' fields into one at `path`, and smooths it where it folds.
  func blend(_ blocks: BlockRegistrations, at path: String) async throws -> (field: LocalField, repaired: Int) {
    let lattice = SplineLattice(extent: grid.extent, stride: plan.fieldStride)
    let field = try LocalField.create(at: path, lattice: lattice, space: fixedRegion.space)
    let displacing = Set(blocks.records.filter { $0.state == .registered }.map(\.block.number))
    let blender = FieldBlender(grid: grid, sigma: options.blendSigma, lattice: lattice) { block, region in
      displacing.contains(block.number) ? try blocks.store.read(block, region: region) : nil
    }
    let regions = field.regions
    try await BlockRunner(width: plan.boxesAtOnce, progress: progress).run("blend", over: regions, count: regions.count) { region in
      try field.write(try blender.blended(on: region))
    }
    return (field, try await repairFolds(in: field))
  }

  /// Smooths control points where the field folds, in rounds, until it folds nowhere.
  ///
  /// - Returns: how many control points were changed.
  private func repairFolds(in field: LocalField) async throws -> Int {
    let repair = FoldRepair()
    var suspects = field.regions
    var repaired: Set<[Int]> = []
    for round in 1...40 {
      let found = Mutex<[Int: SplineField]>([:])
      let points = Mutex<Set<[Int]>>([])
      let regions = suspects
      try await BlockRunner(width: plan.boxesAtOnce, progress: round == 1 ? progress : SilentProgress()).run(
        "check folding", over: regions.indices, count: regions.count
      ) { number in
        let region = regions[number]
        let around = region.expanded(by: [4, 4, 4]).intersection(field.lattice.box)
        let held = try field.field(on: around)
        let folded = repair.foldedControlPoints(of: held, region: region)
        if folded.isEmpty { return }
        let smoothed = repair.smoothed(held, at: folded, region: region)
        found.withLock { $0[number] = smoothed }
        points.withLock { $0.formUnion(folded) }
      }
      let changed = found.withLock { $0 }
      if changed.isEmpty { return repaired.count }
      for number in changed.keys.sorted() { try field.write(changed[number]!) }
      points.withLock { repaired.formUnion($0) }
      let touched = changed.keys.map { regions[$0].expanded(by: [4, 4, 4]) }
      suspects = field.regions.filter { region in touched.contains { !$0.intersection(region).isEmpty } }
    }
    progress.report(.warning("the local field still folds somewhere after 40 rounds of smoothing"))
    return repaired.count
  }
}
