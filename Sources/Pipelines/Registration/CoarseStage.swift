// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Filtering
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

/// The coarse images and what is known of them while the stage runs.
struct CoarseStage: Sendable {
  let registration: ChunkedRegistration
  let fixed: Volume
  let moving: Volume

  var rank: Int { registration.rank }
  var options: RegistrationOptions { registration.options }
  var threads: Int { registration.plan.threads }

  func run() throws -> CoarseRegistration {
    let invalid = (fixed: fixed.voxels.elements.count { !$0.isFinite }, moving: moving.voxels.elements.count { !$0.isFinite })
    try PairChecks.requireContrast(fixed, path: registration.fixed.path, side: "fixed")
    try PairChecks.requireContrast(moving, path: registration.moving.path, side: "moving")
    var notes: [String] = []
    for (count, name) in [(invalid.fixed, registration.fixed.path), (invalid.moving, registration.moving.path)] where count > 0 {
      notes.append("\(name): \(count) voxels of the coarse image are not numbers; they are masked")
    }
    let masks = try givenMasks()
    var best = try align(masks)
    if let (contents, ofContents, note) = try contents(beside: masks, under: best.transform) {
      tell("the padding around what the images hold may mislead: the coarse stage is done with it masked, too")
      best = try better(
        consume best,
        alternative: {
          var found = try align(ofContents)
          found.notes.append(note)
          return found
        }, by: { information($0.transform, of: contents) })
    }
    notes += best.notes
    notes.forEach(tell)
    return CoarseRegistration(
      transform: best.transform, start: best.start, startScores: best.startScores, quality: best.quality, foreground: best.masks.foreground,
      hasFixedMask: best.masks.fixed != nil,
      movingMask: best.masks.moving, invalidVoxels: invalid, metric: best.metric,
      metricReason: best.reason, notes: notes)
  }

  func tell(_ note: String) { registration.progress.report(.note(note)) }

  /// One step of the stage, told of as it begins and ends.
  func step<Result>(_ name: String, _ body: () throws -> Result) throws -> Result {
    try Task.checkCancellation()
    registration.progress.report(.started(stage: name, tasks: 1))
    let result = try body()
    try Task.checkCancellation()
    registration.progress.report(.finished(stage: name))
    return result
  }

  /// The image as its own rank has it: 2D without the plane axis.
  func flat(_ volume: Volume) -> Volume {
    rank == 3
      ? volume
      : Volume(
        voxels: volume.voxels.reshaped(to: Extent(Array(volume.extent.lengths.dropFirst()))), space: volume.space.droppingFirstAxis())
  }

  func flat(_ mask: Mask) -> Mask {
    rank == 3
      ? mask
      : Mask(
        voxels: mask.voxels.reshaped(to: Extent(Array(mask.voxels.extent.lengths.dropFirst()))), space: mask.space.droppingFirstAxis())
  }

  func flat(_ affine: AffineTransform) -> AffineTransform { rank == 3 ? affine : affine.droppingFirstAxis() }

  func lift(_ affine: AffineTransform) -> AffineTransform { affine.liftedToThreeAxes() }
}
