// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import ImageFiles
internal import Pyramids
internal import Volumes

/// A conversion as stages of tasks over files: copy → one a pyramid level, or export alone.
struct ConversionRun: StagedRun {
  enum StageName {
    static let copy = "copy"
  }

  let plan: ConversionPlan
  let folder: RunFolder
  let outlines: [StageOutline]

  init(_ plan: ConversionPlan, _ folder: RunFolder) {
    self.plan = plan
    self.folder = folder
    let layout = plan.layout
    var parameters = [
      "version": WeftVersion.current, "input": InputIdentity(plan.image).text, "channels": "\(plan.channels)", "region": "\(plan.region)",
      "format": plan.format.rawValue, "number format": layout.voxelType.rawValue,
    ]
    guard plan.format == .zarr else {
      outlines = [StageOutline(ImageStages.StageName.export, parameters: parameters, tasks: 1)]
      return
    }
    parameters.merge([
      "OME version": layout.version.rawValue, "chunk": layout.chunk(level: 0).description,
      "shard": layout.shard(level: 0)?.description ?? "none", "compression": plan.options.compression ?? "standard",
      "box": ConversionPlan.copySize(layout, plan.image.levels[0].source).description,
    ]) { $1 }
    outlines =
      [StageOutline(StageName.copy, parameters: parameters, tasks: Self.boxes(plan).count)]
      + layout.factors.indices.dropFirst().map {
        StageOutline(
          ImageStages.StageName.pyramid($0), parameters: ["levels": "\(layout.factors)", "method": layout.downsampling.rawValue], tasks: nil
        )
      }
  }

  func stage(_ name: String, journal: Journal) throws -> Stage {
    switch name {
    case StageName.copy where plan.format == .zarr: return try copyStage()
    case ImageStages.StageName.export where plan.format != .zarr: return exportStage()
    default:
      for level in plan.layout.factors.indices.dropFirst() where plan.format == .zarr && name == ImageStages.StageName.pyramid(level) {
        return try writer(isShared: true).levelStage(level, width: plan.boxesAtOnce)
      }
      throw outlines.unknown(name)
    }
  }

  func prepare(_ folder: RunFolder) throws -> [(stage: String, changes: [String])] {
    let stale = try folder.adopt(outlines)
    if plan.format == .zarr { _ = try writer(isShared: folder.hasWorkers) }
    return stale
  }

  /// Writes the metadata that make the chunks an image.
  func complete() throws { if plan.format == .zarr { try writer(isShared: true).writeMetadata() } }

  /// Where the image lies when all is done, inside the run folder.
  var result: String {
    plan.format == .zarr ? "\(StageName.copy)/.image.partial-run" : "\(ImageStages.StageName.export)/image/\(plan.name)"
  }

  private func writer(isShared: Bool) throws -> PyramidWriter {
    try PyramidWriter.begin(
      plan.layout, at: folder.stage(StageName.copy).appendingPathComponent("image").path, token: "run", isShared: isShared)
  }

  /// The boxes that are copied, with all axes.
  private static func boxes(_ plan: ConversionPlan) -> [Box] {
    plan.layout.fullExtent.box.tiles(of: ConversionPlan.copySize(plan.layout, plan.image.levels[0].source))
  }

  private func copyStage() throws -> Stage {
    let writer = try writer(isShared: true)
    let array = writer.levels[0].array
    let boxes = Self.boxes(plan)
    return Stage(
      StageName.copy, tasks: .all(boxes.count), width: plan.boxesAtOnce,
      isPresent: { task, outcome in outcome.result == String(array.storedChunkCount(in: boxes[task])) },
      isWorthRetrying: ImageStages.isWorthRetrying
    ) { [plan] task in
      try plan.copy(boxes[task], to: writer)
      return TaskOutcome(result: String(array.storedChunkCount(in: boxes[task])))
    }
  }

  /// Writes a file of another format, straight from the input.
  private func exportStage() -> Stage {
    let target = folder.url.appendingPathComponent(result)
    return Stage(
      ImageStages.StageName.export, tasks: .all(1), width: 1, isExclusive: true,
      isPresent: { _, outcome in outcome.result == (try? Digest(contentsOf: target))?.description },
      isWorthRetrying: ImageStages.isWorthRetrying
    ) { [plan] _ in
      try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      let volumes = try (0..<plan.image.timeCount).flatMap { time in
        try plan.channels.indices.map { channel in try plan.volume(channel: channel, time: time) }
      }
      try ImageFile.write(channels: volumes, times: plan.image.timeCount, to: target.path, format: plan.format.fileFormat)
      return TaskOutcome(result: try Digest(contentsOf: target).description)
    }
  }
}

extension ConversionPlan {
  /// Copies a box, one channel at a time.
  fileprivate func copy(_ box: Box, to writer: PyramidWriter) throws {
    func copy<Voxel: VoxelScalar>(as type: Voxel.Type) throws {
      let leading = layout.leadingAxes.count
      for index in Box(lower: Array(box.lower.prefix(leading)), upper: Array(box.upper.prefix(leading))).indices {
        try Task.checkCancellation()
        func place(_ kind: Axis.Kind) -> Int { zip(layout.leadingAxes, index).first { $0.0.axis.kind == kind }?.1 ?? 0 }
        let volume = try volume(channel: place(.channel), time: place(.time))
        let spatial = Box(lower: Array(box.lower.dropFirst(leading)), upper: Array(box.upper.dropFirst(leading)))
        let voxels = try volume.source.read(spatial, as: type)
        try writer.write(voxels.reshaped(to: Extent(index.map { _ in 1 } + spatial.extent.lengths)), at: index + spatial.lower)
      }
    }
    try copy(as: layout.voxelType.scalar)
  }
}
