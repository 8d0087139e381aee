// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

/// What the coarse stage leaves on disk: `transforms/` as in the output, and the masks on their coarse lattices.
struct CoarseFiles {
  let folder: URL

  /// What is found, apart from transforms and masks.
  struct Record: Codable {
    struct Score: Codable {
      var name: String
      var score: Double
    }

    var start: String
    var startScores: [Score]
    var quality: CoarseQuality
    var invalidFixed: Int
    var invalidMoving: Int
    var metric: RegistrationMetric
    var metricReason: String
    var notes: [String]
    var hasFixedMask: Bool
    var hasMovingMask: Bool
    /// Digests of the transforms' files, by name.
    var digests: [String: String]
  }

  var transforms: URL { folder.appendingPathComponent("transforms") }
  private func mask(_ side: CoarseImages.Side) -> String { folder.appendingPathComponent("\(side.rawValue)-mask.zarr").path }

  /// Writes everything anew.
  func write(_ coarse: CoarseRegistration, _ registration: ChunkedRegistration) throws -> TaskOutcome {
    let files = FileManager.default
    for old in [transforms.path, mask(.fixed), mask(.moving)] where files.fileExists(atPath: old) { try files.removeItem(atPath: old) }
    try files.createDirectory(at: transforms, withIntermediateDirectories: true)
    try writeTransforms(coarse.transform, registration)
    try write(coarse.foreground, to: mask(.fixed))
    if let moving = coarse.movingMask { try write(moving, to: mask(.moving)) }
    let record = Record(
      start: coarse.start, startScores: coarse.startScores.map { .init(name: $0.name, score: $0.score) }, quality: coarse.quality,
      invalidFixed: coarse.invalidVoxels.fixed, invalidMoving: coarse.invalidVoxels.moving, metric: coarse.metric,
      metricReason: coarse.metricReason, notes: coarse.notes,
      hasFixedMask: coarse.hasFixedMask, hasMovingMask: coarse.movingMask != nil, digests: try digests())
    var sizes: [String: Int] = [:]
    for written in [transforms.path, mask(.fixed), mask(.moving)] {
      for case let name as String in files.enumerator(atPath: written) ?? .init() {
        let attributes = try files.attributesOfItem(atPath: written + "/" + name)
        guard attributes[.type] as? FileAttributeType == .typeRegular else { continue }
        sizes[URL(fileURLWithPath: written).lastPathComponent + "/" + name] = (attributes[.size] as? NSNumber)?.intValue ?? 0
      }
    }
    return TaskOutcome(
      result: String(decoding: try RunFolder.encoder.encode(record), as: UTF8.self), files: sizes)
  }

  func writeTransforms(_ transform: ComposedTransform, _ registration: ChunkedRegistration) throws {
    try TransformFolder.write(
      transform, fixed: registration.fixedRegion.extent, moving: registration.movingPyramid.finest, rank: registration.rank,
      to: transforms)
  }

  /// Reads what `write` wrote.
  ///
  /// - Throws: `DamagedOutput` where a file is not what was written.
  func read(_ registration: ChunkedRegistration, _ journal: Journal) throws -> CoarseRegistration {
    let record = try check(journal)
    let transform = try TransformFolder.open(transforms.path, withField: false).transform
    let foreground = try read(.fixed, registration)
    return CoarseRegistration(
      transform: transform, start: record.start, startScores: record.startScores.map { ($0.name, $0.score) }, quality: record.quality,
      foreground: foreground, hasFixedMask: record.hasFixedMask, movingMask: record.hasMovingMask ? try read(.moving, registration) : nil,
      invalidVoxels: (record.invalidFixed, record.invalidMoving), metric: record.metric,
      metricReason: record.metricReason, notes: record.notes)
  }

  /// Checks that the transforms are what was written.
  ///
  /// - Throws: `DamagedOutput` where a file is not.
  @discardableResult func check(_ journal: Journal) throws -> Record {
    guard let text = journal.entries(of: RegistrationRun.StageName.coarse)[0]?.outcome.result else {
      throw PipelineError("the coarse stage in \(folder.path) is not done", hint: "run it first: `weft resume`")
    }
    guard let record = try? RunFolder.decoder.decode(Record.self, from: Data(text.utf8)) else {
      throw DamagedOutput(path: transforms.path, reason: "another version of Weft wrote its record")
    }
    for (name, digest) in record.digests.sorted(by: { $0.key < $1.key }) {
      let file = transforms.appendingPathComponent(name)
      guard (try? Digest(contentsOf: file))?.description == digest else {
        throw DamagedOutput(path: transforms.path, reason: "\(name) is not what was written")
      }
    }
    return record
  }

  private func digests() throws -> [String: String] {
    let names = try FileManager.default.contentsOfDirectory(atPath: transforms.path)
    return try Dictionary(
      uniqueKeysWithValues: names.map { ($0, try Digest(contentsOf: transforms.appendingPathComponent($0)).description) })
  }

  private func write(_ mask: Mask, to path: String) throws {
    let extent = mask.voxels.extent
    let array = try ChunkedArray.create(
      at: path,
      ArrayMetadata(
        format: .v3, extent: extent, chunk: Extent(extent.lengths.map { min($0, 128) }), voxelType: .uint8, isChecksummed: true))
    try array.write(mask.voxels, at: [0, 0, 0])
  }

  private func read(_ side: CoarseImages.Side, _ registration: ChunkedRegistration) throws -> Mask {
    let array = try ChunkedArray.open(at: mask(side))
    do {
      return Mask(voxels: try array.readIntermediate(array.extent.box), space: CoarseImages.volume(side, registration).space)
    } catch is DamagedOutput {
      // A mask has no task of its own: the coarse stage is done again.
      throw DamagedOutput(path: transforms.path, reason: "the mask beside it is not what was written")
    }
  }
}

extension RegistrationRun {
  /// Finds start, affine map and warp in the downsampled images.
  func coarseStage() -> Stage {
    let images = CoarseImages(folder.stage(StageName.downsample), registration)
    return Stage(StageName.coarse, tasks: .all(1), width: 1, isExclusive: true, isWorthRetrying: { _ in false }) {
      [registration, coarseFiles] _ in
      let stage = CoarseStage(registration: registration, fixed: try images.load(.fixed), moving: try images.load(.moving))
      return try coarseFiles.write(try stage.run(), registration)
    }
  }
}
