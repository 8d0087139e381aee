// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pyramids
internal import Transforms
internal import Volumes

extension ChunkedRegistration {
  /// What resamples all channels of the moving image onto the registered region.
  func imageResampler(factors: [Int] = [1, 1, 1], mapping: @escaping @Sendable (Box, PhysicalSpace) throws -> MappedBox) -> ImageResampler {
    ImageResampler(
      image: moving, extent: fixedRegion.extent, space: fixedRegion.space, rank: rank, interpolation: options.interpolation,
      factors: factors, isLabels: false, threads: plan.boxesAtOnce, progress: progress, mapping: mapping)
  }

  /// The image that is written; one level where it is but on its way to another format.
  func outputLayout(_ resampler: ImageResampler) -> PyramidLayout {
    resampler.layout(version: outputVersion, levels: options.format == .zarr ? nil : 1)
  }
}

extension RegistrationRun {
  /// The image being written; its folder is renamed when all is done.
  func writer(isShared: Bool) throws -> PyramidWriter {
    let resampler = registration.imageResampler { _, _ in fatalError("nothing is mapped here") }
    return try PyramidWriter.begin(
      registration.outputLayout(resampler), at: folder.stage(StageName.resample).appendingPathComponent("registered.ome.zarr").path,
      token: "run", isShared: isShared)
  }

  /// Resamples the moving image through the whole map, once.
  func resampleStage() throws -> Stage {
    let transform = try coarse().transform
    let field = try finalField()
    let writer = try writer(isShared: true)
    let factors = ChunkedRegistration.antialiasingFactors(registration.movingPyramid.finest, for: transform)
    let resampler = registration.imageResampler(factors: factors) { box, lattice in
      transform.mapped(box, local: try field?.field(over: box), to: lattice)
    }
    let boxes = resampler.taskBoxes
    return Stage(
      StageName.resample, tasks: .all(boxes.count), width: registration.plan.boxesAtOnce,
      isPresent: { task, outcome in outcome.result == String(resampler.storedChunkCount(boxes[task], writer)) },
      isWorthRetrying: Self.isWorthRetrying
    ) { task in
      try resampler.resample(boxes[task], writer)
      return TaskOutcome(result: String(resampler.storedChunkCount(boxes[task], writer)))
    }
  }

  /// Makes one level of the pyramid from the finer one.
  func pyramidStage(_ level: Int) throws -> Stage {
    let writer = try writer(isShared: true)
    let boxes = writer.tasks(level: level)
    let array = writer.levels[level].array
    return Stage(
      StageName.pyramid(level), tasks: .all(boxes.count), width: registration.plan.boxesAtOnce,
      isPresent: { task, outcome in outcome.result == String(array.storedChunkCount(in: boxes[task])) }
    ) { task in
      try writer.buildLevel(level, boxes[task])
      return TaskOutcome(result: String(array.storedChunkCount(in: boxes[task])))
    }
  }

  private var exportName: String { "registered.\(registration.options.format.fileExtension)" }

  /// Writes what was resampled in the format asked for.
  func exportStage() throws -> Stage {
    let writer = try writer(isShared: true)
    let target = folder.stage(StageName.export).appendingPathComponent(exportName)
    let resampler = registration.imageResampler { _, _ in fatalError("nothing is mapped here") }
    return Stage(
      StageName.export, tasks: .all(1), width: 1, isExclusive: true
    ) { [registration, exportName] _ in
      if FileManager.default.fileExists(atPath: target.path) { try FileManager.default.removeItem(at: target) }
      try resampler.export(writer.levels[0].array, to: target.path, registration.options.format.fileFormat)
      let attributes = try FileManager.default.attributesOfItem(atPath: target.path)
      return TaskOutcome(files: [exportName: (attributes[.size] as? NSNumber)?.intValue ?? 0])
    }
  }

  /// Writes metadata, tables and the record of the run.
  func finishStage(_ journal: Journal) throws -> Stage {
    let result = try result(journal)
    let target = folder.stage(StageName.finish)
    return Stage(StageName.finish, tasks: .all(1), width: 1, isExclusive: true) { [self] _ in
      try completeImage()
      if case .all = part { try coarseFiles.check(journal) }
      // A copy: the coarse stage's own files stay what its ledger says.
      let transforms = target.appendingPathComponent("transforms").path
      if FileManager.default.fileExists(atPath: transforms) { try FileManager.default.removeItem(atPath: transforms) }
      try FileManager.default.linkOrCopyFolder(coarseFiles.transforms.path, to: transforms)
      var files: [String: Int] = [:]
      let tables = [
        ("blocks.csv", Data(BlockTable.text(result.blocks, rank: registration.rank).utf8)),
        ("timings.csv", Data(TimingTable.text(journal).utf8)), ("run.json", try RunRecord(registration, result).encoded()),
      ]
      for (name, data) in tables {
        try data.write(to: target.appendingPathComponent(name), options: .atomic)
        files[name] = data.count
      }
      return TaskOutcome(files: files)
    }
  }

  /// Writes the metadata that make the chunks an image.
  func completeImage() throws {
    if registration.options.format == .zarr { try writer(isShared: true).writeMetadata() }
  }

  /// The result, as the files of the run tell; its paths are those in the output folder.
  func result(_ journal: Journal) throws -> RegistrationResult {
    let coarse = try coarse(journal)
    let statistics = try mapStatistics(journal)
    var given: BlockRegistrations?
    if case .image(_, let blocks) = part { given = blocks }
    let records = try given?.records ?? (isFine ? blocks(journal).records : [])
    return RegistrationResult(
      folder: "", registered: "", coarse: coarse, blocks: records, map: statistics.map, repairedControlPoints: statistics.repaired)
  }

  /// What is moved where when all is done: from the run folder into the output folder, in this order.
  var publication: [Publication.Move] {
    let image =
      registration.options.format == .zarr
      ? "\(StageName.resample)/.registered.ome.zarr.partial-run" : "\(StageName.export)/\(exportName)"
    var isWhole = false
    if case .all = part { isWhole = true }
    var moves = [
      Publication.Move(from: image, to: exportName),
      Publication.Move(from: "\(isWhole ? StageName.finish : StageName.coarse)/transforms", to: "transforms"),
    ]
    if isFine {
      let repaired = FileManager.default.fileExists(atPath: fieldPath(StageName.repair))
      let stage = repaired ? StageName.repair : StageName.blend
      moves.append(
        Publication.Move(from: "\(stage)/\(TransformFolder.fieldName)", to: "transforms/\(TransformFolder.fieldName)"))
    }
    if isWhole {
      moves += ["blocks.csv", "timings.csv", "run.json"].map { Publication.Move(from: "\(StageName.finish)/\($0)", to: $0) }
    }
    return moves
  }
}
