// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pyramids
internal import Volumes

/// The stages that write an image: resample → one a pyramid level, or → export to another format.
struct ImageStages {
  enum StageName {
    static let resample = "resample"
    static let export = "export"

    static func pyramid(_ level: Int) -> String { "pyramid-\(level)" }
  }

  /// What the ledger says of a resampled box.
  struct Resampled: Codable {
    /// Chunks that are stored, over all channels and times; those of nothing but zeros are not.
    var chunks: Int
    /// What the mapping noted.
    var sampled: SampledRegion?

    init(chunks: Int, sampled: SampledRegion?) {
      self.chunks = chunks
      self.sampled = sampled
    }

    init?(_ outcome: TaskOutcome) {
      guard let text = outcome.result, let read = try? RunFolder.decoder.decode(Self.self, from: Data(text.utf8)) else { return nil }
      self = read
    }
  }

  /// Errors that say what is wrong with the data do not go away by themselves.
  static let isWorthRetrying: @Sendable (any Error) -> Bool = { !($0 is PipelineError || $0 is VolumeError) }

  let folder: RunFolder
  /// The name of the image in the end.
  let name: String
  let format: OutputFormat
  let version: OMEVersion
  let resampler: ImageResampler
  /// How many boxes are worked on at once.
  let width: Int
  /// Whether voxels of a box of the finest level, on three axes, are written anew; `nil` where all are.
  var isAffected: (@Sendable (Box) throws -> Bool)?

  /// One level where the image is but on its way to another format.
  var layout: PyramidLayout {
    if format == .zarr { return resampler.layout(version: version, levels: nil) }
    var layout = resampler.layout(version: .v05, levels: 1)
    layout.isChecksummed = true
    return layout
  }

  /// The stages as a plan fixes them.
  ///
  /// - Parameter parameters: what the voxels depend on.
  func outlines(_ parameters: [String: String]) -> [StageOutline] {
    let own = [
      "interpolation": resampler.interpolation.rawValue, "format": format.rawValue, "OME version": version.rawValue,
    ]
    var outlines = [
      StageOutline(
        StageName.resample, parameters: parameters.merging(own) { first, _ in first }, tasks: resampler.taskBoxes.count)
    ]
    if format == .zarr {
      for level in 1..<max(1, layout.factors.count) { outlines.append(StageOutline(StageName.pyramid(level), tasks: nil)) }
    } else {
      outlines.append(StageOutline(StageName.export, tasks: 1))
    }
    return outlines
  }

  /// One of the stages, ready to run; `nil` where the name is not of one.
  func stage(_ name: String) throws -> Stage? {
    switch name {
    case StageName.resample: return try resample()
    case StageName.export: return format == .zarr ? nil : try export()
    default:
      guard let level = Int(name.dropFirst("pyramid-".count)), name == StageName.pyramid(level), level > 0, level < layout.factors.count
      else { return nil }
      return try pyramid(level)
    }
  }

  /// Makes the folder and the metadata of the arrays.
  func prepare() throws { _ = try writer(isShared: folder.hasWorkers) }

  /// Writes the metadata that make the chunks an image; its channels keep their names and colours.
  func complete() throws {
    guard format == .zarr else { return }
    let image = resampler.image
    let channels = OMEImage.channels(of: image.path)
    try writer(isShared: true).showing(channels.count == image.channelCount ? channels : []).writeMetadata()
  }

  /// Where the image lies when all is done, inside the run folder.
  var result: String { format == .zarr ? "\(StageName.resample)/.\(zarrName).partial-run" : "\(StageName.export)/\(exported)" }

  /// The exported file, in a folder of its own: it may be named like one of the run's.
  private var exported: String { "image/\(name)" }

  private var zarrName: String { format == .zarr ? name : name + ".ome.zarr" }

  /// The image being written; its folder is renamed when all is done.
  private func writer(isShared: Bool) throws -> PyramidWriter {
    try PyramidWriter.begin(
      layout, at: folder.stage(StageName.resample).appendingPathComponent(zarrName).path, token: "run", isShared: isShared)
  }

  /// Resamples the image through the whole map, once.
  private func resample() throws -> Stage {
    let writer = try writer(isShared: true)
    let boxes = resampler.taskBoxes
    return Stage(
      StageName.resample,
      tasks: try isAffected.map { isAffected in .some(try boxes.indices.filter { try isAffected(boxes[$0]) }) } ?? .all(boxes.count),
      width: width,
      isPresent: { [resampler] task, outcome in
        Resampled(outcome)?.chunks == resampler.storedChunkCount(boxes[task], writer)
      },
      isWorthRetrying: Self.isWorthRetrying
    ) { [resampler] task in
      let sampled = try resampler.resample(boxes[task], writer)
      let resampled = Resampled(chunks: resampler.storedChunkCount(boxes[task], writer), sampled: sampled)
      return TaskOutcome(result: String(decoding: try RunFolder.encoder.encode(resampled), as: UTF8.self))
    }
  }

  /// Makes one level of the pyramid from the finer one.
  private func pyramid(_ level: Int) throws -> Stage {
    let writer = try writer(isShared: true)
    return try writer.levelStage(level, width: width, isAffected: isAffected)
  }

  /// Writes what was resampled in the format asked for.
  private func export() throws -> Stage {
    let writer = try writer(isShared: true)
    let target = folder.stage(StageName.export).appendingPathComponent(exported)
    return Stage(
      StageName.export, tasks: .all(1), width: 1, isExclusive: true,
      isPresent: { _, outcome in outcome.result == (try? Digest(contentsOf: target))?.description }
    ) { [resampler, exported, format] _ in
      try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      if FileManager.default.fileExists(atPath: target.path) { try FileManager.default.removeItem(at: target) }
      do { try resampler.export(writer.levels[0].array, to: target.path, format.fileFormat) } catch let error as ChunkStoreError {
        let array = writer.levels[0].array
        guard !error.isOfTheDisk, let chunk = array.damagedChunks(in: array.extent.box).first else { throw error }
        throw DamagedOutput(path: chunk, reason: error.localizedDescription)
      }
      let attributes = try FileManager.default.attributesOfItem(atPath: target.path)
      return TaskOutcome(
        result: try Digest(contentsOf: target).description, files: [exported: (attributes[.size] as? NSNumber)?.intValue ?? 0])
    }
  }
}

extension PyramidWriter {
  /// The stage that makes one level from the finer one.
  ///
  /// - Parameters:
  ///   - width: how many boxes are worked on at once.
  ///   - isAffected: whether voxels of a box of the finest level, on three axes, are written anew; `nil` where all are.
  func levelStage(_ level: Int, width: Int, isAffected: ((Box) throws -> Bool)? = nil) rethrows -> Stage {
    let boxes = tasks(level: level)
    let (array, factors) = (levels[level].array, levels[level].factors)
    func finest(_ box: Box) -> Box {
      func lifted(_ place: [Int], _ filler: Int) -> [Int] {
        let spatial = zip(place.suffix(factors.count), factors).map(*)
        return [Int](repeating: filler, count: 3 - spatial.count) + spatial
      }
      return Box(lower: lifted(box.lower, 0), upper: lifted(box.upper, 1))
    }
    let wanted: Stage.Selection =
      try isAffected.map { isAffected in .some(try boxes.indices.filter { try isAffected(finest(boxes[$0])) }) } ?? .all(boxes.count)
    return Stage(
      ImageStages.StageName.pyramid(level), tasks: wanted, width: width,
      isPresent: { task, outcome in outcome.result == String(array.storedChunkCount(in: boxes[task])) }
    ) { task in
      try buildLevel(level, boxes[task])
      return TaskOutcome(result: String(array.storedChunkCount(in: boxes[task])))
    }
  }
}
