// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Pyramids
internal import Registration
internal import Synchronization
internal import Transforms
internal import Volumes

/// A registration as stages of tasks over files:
/// downsample → coarse → for each level of blocks carry → fine → retry → blend → compose → check → repair → quality → resample → one a pyramid
/// level → export → finish.
struct RegistrationRun: StagedRun {
  enum StageName {
    static let downsample = "downsample"
    static let coarse = "coarse"
    static let carry = "carry"
    static let fine = "fine"
    static let retry = "retry"
    static let blend = "blend"
    static let compose = "compose"
    static let check = "check"
    static let repair = "repair"
    static let quality = "quality"
    static let finish = "finish"
    static let refine = "refine"
  }

  /// What part of a registration is run, for those who go step by step.
  enum Part {
    case all
    case coarse
    /// The blocks, after a coarse result that is at hand.
    case blocks(CoarseRegistration)
    /// Everything after the blocks that are at hand; without the files that tell of a run.
    case image(CoarseRegistration, BlockRegistrations?)
    /// Some blocks of a finished registration, and what they act on.
    case refinement(Refinement)
  }

  let registration: ChunkedRegistration
  let folder: RunFolder
  let part: Part
  let outlines: [StageOutline]
  private let held: Held

  /// Results that were read from files already.
  private final class Held: Sendable {
    let coarse = Mutex<CoarseRegistration?>(nil)
  }

  init(_ registration: ChunkedRegistration, _ folder: RunFolder, part: Part = .all) {
    self.registration = registration
    self.folder = folder
    self.part = part
    outlines = Self.outlines(registration, folder, part)
    held = Held()
    switch part {
    case .all, .coarse: break
    case .blocks(let coarse): held.coarse.withLock { $0 = coarse }
    case .image, .refinement: break
    }
  }

  /// What is refined; `nil` for a run of its own.
  var refinement: Refinement? { if case .refinement(let refinement) = part { refinement } else { nil } }

  /// Whether it leaves tables and a record beside the image.
  var isRecorded: Bool {
    switch part {
    case .all, .refinement: true
    case .coarse, .blocks, .image: false
    }
  }

  /// Whether there is a fine field.
  var isFine: Bool {
    if case .image(_, let blocks) = part { return blocks != nil }
    return registration.options.stages.contains(.fine)
  }

  private static func outlines(
    _ registration: ChunkedRegistration, _ folder: RunFolder, _ part: Part
  ) -> [StageOutline] {
    let (options, plan) = (registration.options, registration.plan)
    let downsample = StageOutline(
      StageName.downsample,
      parameters: [
        "version": WeftVersion.current, "fixed": InputIdentity(registration.fixed).text, "moving": InputIdentity(registration.moving).text,
        "fixed channel": options.fixedChannel.map(String.init) ?? "default",
        "moving channel": options.movingChannel.map(String.init) ?? "default",
        "downsampling": "\(plan.fixedFactors) \(plan.movingFactors)",
      ], tasks: CoarseImages.tiles(registration).count)
    let coarse = StageOutline(
      StageName.coarse,
      parameters: [
        "stages": RegistrationStage.allCases.filter { options.stages.contains($0) }.map(\.rawValue).joined(separator: ","),
        "engine": options.engine.rawValue, "accuracy": options.accuracy.rawValue, "metric": options.metric.rawValue,
        "initial transform": options.initialTransform.map { "\(RegistrationOptions.identities(ofTransforms: $0).map(\.text))" } ?? "none",
        "fixed mask": options.fixedMask.map { RegistrationOptions.identity(ofMask: $0)?.text ?? $0 } ?? "none",
        "moving mask": options.movingMask.map { RegistrationOptions.identity(ofMask: $0)?.text ?? $0 } ?? "none",
        "region": options.region.map { "\($0)" } ?? "all",
      ], tasks: 1)
    let levels = plan.levels.indices.map { LevelOutlines(plan, $0, options) }
    let full = levels[levels.count - 1]
    let check = full.field.filter { $0.name == StageName.check }
    let image = registration.imageStages(in: folder).outlines([:])
    let hasFine = options.stages.contains(.fine)
    let quality = StageOutline(StageName.quality, tasks: nil)
    let finish = StageOutline(
      StageName.finish,
      parameters: ["verdicts": "\(options.thresholds)", "fields of blocks": options.dropsBlocks ? "dropped" : "kept"], tasks: 1)
    switch part {
    case .all:
      return [downsample, coarse] + (hasFine ? levels.flatMap { $0.blocks + $0.field } + [quality] : check) + image + [finish]
    case .coarse: return [downsample, coarse]
    case .blocks(let given):
      var own = levels.dropLast().flatMap { $0.blocks + $0.field } + full.blocks
      own[0].parameters.merge(downsample.parameters.merging(coarse.parameters) { first, _ in first }) { first, _ in first }
      own[0].parameters["coarse result"] = given.digest
      return own
    case .image(_, let blocks): return (blocks != nil ? full.field : check) + image
    case .refinement(let refinement):
      // How many tasks there are depends on what changes.
      let affected = (full.field + [quality] + image).map { StageOutline($0.name, parameters: $0.parameters, tasks: nil) }
      return [StageOutline(StageName.refine, parameters: refinement.parameters, tasks: refinement.blocks.count)] + affected + [finish]
    }
  }

  func stage(_ name: String, journal: Journal) throws -> Stage {
    guard outlines.contains(where: { $0.name == name }) else { throw outlines.unknown(name) }
    for level in levels { if let stage = try level.stage(name, journal) { return stage } }
    switch name {
    case StageName.refine: return try full.refineStage()
    case StageName.downsample: return try downsampleStage()
    case StageName.coarse: return coarseStage()
    case StageName.quality: return try full.qualityStage(journal)
    case StageName.finish: return try finishStage(journal)
    default:
      // The map is needed for resampling alone.
      guard let stage = try (name == ImageStages.StageName.resample ? mappedImageStages() : imageStages()).stage(name) else {
        throw outlines.unknown(name)
      }
      return stage
    }
  }

  /// The stages that write the registered image, for all but resampling it.
  func imageStages() -> ImageStages { affected(registration.imageStages(in: folder)) }

  /// Of a refinement those boxes alone that come from elsewhere now; a file that is written whole needs all.
  private func affected(_ stages: ImageStages) -> ImageStages {
    guard let refinement, stages.format == .zarr else { return stages }
    var stages = stages
    stages.isAffected = { box in try refinement.changes(.whole, of: full).meet(box) }
    return stages
  }

  private func mappedImageStages() throws -> ImageStages {
    let transform = try coarse().transform
    let field = try full.finalField()
    let factors = ChunkedRegistration.antialiasingFactors(registration.movingPyramid.finest, for: transform)
    return affected(
      registration.imageStages(in: folder, factors: factors) { box, lattice, _ in
        transform.mapped(box, local: try field?.field(over: box), to: lattice)
      })
  }

  /// The coarse result, as its files tell.
  ///
  /// - Throws: `DamagedOutput` where they are not what was written.
  func coarse(_ journal: Journal? = nil) throws -> CoarseRegistration {
    if let known = held.coarse.withLock({ $0 }) { return known }
    let read: CoarseRegistration
    if case .image(var coarse, _) = part {
      // Files round their numbers: what was written is what is used, so that `weft apply` gives the same voxels.
      coarse.transform = try TransformFolder.open(coarseFiles.transforms.path, withField: false).transform
      read = coarse
    } else {
      read = try coarseFiles.read(registration, coarseJournal(journal ?? Journal(folder, outlines)))
    }
    held.coarse.withLock { $0 = read }
    return read
  }

  /// Where the coarse stage writes.
  var coarseFiles: CoarseFiles { CoarseFiles(folder: folder(of: StageName.coarse)) }

  /// The journal that tells of the coarse stage.
  func coarseJournal(_ own: Journal) -> Journal { refinement?.kept.journal ?? own }

  /// Where a stage wrote: of a refinement in the run that is refined, where it is not done anew.
  func folder(of stage: String) -> URL {
    guard let refinement, !outlines.contains(where: { $0.name == stage }) else { return folder.stage(stage) }
    return refinement.kept.folder.stage(stage)
  }

  /// What is on record of a stage; of a refinement what the run found that is refined, but where it is done anew.
  func entries(of stage: String, _ journal: Journal) -> [Int: LedgerEntry] {
    refinement?.entries(of: stage, journal) ?? journal.entries(of: stage)
  }

  func prepare(_ folder: RunFolder) throws -> [(stage: String, changes: [String])] {
    let stale = try folder.adopt(outlines)
    let names = Set(outlines.map(\.name))
    if names.contains(StageName.downsample) { try CoarseImages(folder.stage(StageName.downsample), registration).create() }
    for level in levels {
      // A refinement has copies of fields, not empty ones.
      for stage in [StageName.carry, StageName.blend, StageName.compose] where refinement == nil && names.contains(level.plan.name(stage)) {
        try LocalField.createIfMissing(at: level.path(stage), lattice: level.lattice, space: level.space)
      }
    }
    try refinement?.link(in: self)
    if names.contains(ImageStages.StageName.resample) { try imageStages().prepare() }
    try refinement?.checkImage(in: self)
    if case .image(let coarse, _) = part {
      try FileManager.default.createDirectory(at: coarseFiles.transforms, withIntermediateDirectories: true)
      try coarseFiles.writeTransforms(coarse.transform, registration)
    }
    return stale
  }

  func fieldPath(_ stage: String) -> String { folder(of: stage).appendingPathComponent(TransformFolder.fieldName).path }
}

extension ChunkedRegistration {
  /// What writes the moving image, all its channels, onto the registered region.
  ///
  /// - Parameter mapping: where a box comes from; not asked for but by the stage that resamples.
  func imageStages(
    in folder: RunFolder, factors: [Int] = [1, 1, 1],
    mapping: @escaping @Sendable (Box, PhysicalSpace, SampledRegion.Notes) throws -> MappedBox = { _, _, _ in
      fatalError("nothing is mapped")
    }
  ) -> ImageStages {
    let resampler = ImageResampler(
      image: moving, extent: fixedRegion.extent, space: fixedRegion.space, rank: rank, interpolation: options.interpolation,
      factors: factors, isLabels: false, mapping: mapping)
    return ImageStages(
      folder: folder, name: "registered.\(options.format.fileExtension)", format: options.format, version: outputVersion,
      resampler: resampler, width: plan.boxesAtOnce)
  }
}
