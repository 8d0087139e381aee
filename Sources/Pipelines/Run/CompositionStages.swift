// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Grids
internal import Transforms

extension LevelRun {
  /// Brings the displacement of the coarser levels onto this level's control points.
  func carryStage() throws -> Stage {
    let carrier = FieldCarrier(
      earlier: try coarser.finalField()!, earlierFactors: coarser.plan.factors, lattice: lattice, factors: plan.factors)
    return try fieldStage(RegistrationRun.StageName.carry, tasks: affectedTasks(RegistrationRun.StageName.carry)) {
      try carrier.carried(on: $0)
    }
  }

  /// Puts what the blocks found before what they started from: `u(x) = v(x) + start(x + v(x))`.
  func composeStage() throws -> Stage {
    let found = try LocalField.open(at: path(RegistrationRun.StageName.blend), lattice: lattice)
    let composer = FieldComposer(found: found, start: try start()!)
    return try fieldStage(RegistrationRun.StageName.compose, tasks: affectedTasks(RegistrationRun.StageName.compose)) {
      try composer.composed(on: $0)
    }
  }

  /// A stage that writes a field of this level, chunk by chunk.
  func fieldStage(_ name: String, tasks: Stage.Selection, of chunk: @escaping @Sendable (Box) throws -> SplineField) throws -> Stage {
    let field = try LocalField.open(at: path(name), lattice: lattice)
    let regions = FieldRegions(lattice)
    return Stage(
      plan.name(name), tasks: tasks, width: registration.plan.boxesAtOnce,
      isPresent: { task, outcome in outcome.result == String(field.storedChunkCount(in: regions.region(task))) }
    ) { task in
      for box in regions.chunks(task) {
        try Task.checkCancellation()
        try field.write(try chunk(box))
      }
      return TaskOutcome(result: String(field.storedChunkCount(in: regions.region(task))))
    }
  }
}
