// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Grids
internal import Pyramids
internal import Segmentation
internal import Volumes

/// The labels of a segmentation as they are written: an OME-Zarr image that is renamed when all is done, and a table of its objects.
struct LabelImage {
  let run: SegmentationRun
  let merged: SegmentationRun.Merged
  private let writer: PyramidWriter

  /// The image that the stage `merge` began.
  init(_ run: SegmentationRun, _ journal: Journal) throws {
    self.run = run
    merged = try run.merged(journal)
    writer = try Self.begin(run, merged, isShared: true)
  }

  /// Makes the folder and the metadata of the arrays.
  static func begin(_ run: SegmentationRun, _ merged: SegmentationRun.Merged, isShared: Bool) throws -> PyramidWriter {
    try PyramidWriter.begin(
      run.layout(merged.voxelType),
      at: run.folder.stage(SegmentationRun.StageName.merge).appendingPathComponent(SegmentationNames.labels(run.target)).path,
      token: "run", isShared: isShared)
  }

  /// Where the image lies when all is done, inside the run folder.
  static func place(_ name: String) -> String { "\(SegmentationRun.StageName.merge)/.\(name).partial-run" }

  private var plan: SegmentationPlan { run.plan }

  /// Boxes of whole chunks, one a task, of one time: the tiles' cores where they are whole chunks, so that each is read once.
  private var boxes: [Box] { Self.boxes(plan, run.layout(merged.voxelType)) }

  /// The same, whatever the number format of the layout.
  static func boxes(_ plan: SegmentationPlan, _ layout: PyramidLayout) -> [Box] {
    let chunk = layout.resolvedChunk
    let isAligned = (0..<plan.volume.rank).allSatisfy { axis in
      plan.grid.core[axis] % chunk[axis] == 0 || plan.grid.core[axis] == plan.volume.extent[axis]
    }
    if isAligned { return plan.grid.map(\.core) }
    let size = layout.taskSize(level: 0).lengths.suffix(plan.volume.rank)
    return plan.volume.extent.box.tiles(of: Extent(Array(size)))
  }

  private func rowsFile(_ task: Int) -> String { "task-\(task).rows" }

  /// A box of the stored image.
  private func stored(_ box: Box, time: Int) -> Box {
    let leading = run.layout(merged.voxelType).leadingAxes.count
    return leading == 0 ? box : Box(lower: [time] + box.lower, upper: [time + 1] + box.upper)
  }

  func relabelStage() throws -> Stage {
    let boxes = boxes
    let array = writer.levels[0].array
    let folder = run.folder.stage(SegmentationRun.StageName.relabel)
    return Stage(
      SegmentationRun.StageName.relabel, tasks: .all(plan.times * boxes.count), width: plan.tilesAtOnce,
      isPresent: { task, outcome in
        outcome.result == String(array.storedChunkCount(in: stored(boxes[task % boxes.count], time: task / boxes.count)))
      }
    ) { task in
      let (time, box) = (task / boxes.count, boxes[task % boxes.count])
      let rows =
        merged.objects <= UInt64(UInt32.max) ? try relabel(box, time, as: UInt32.self) : try relabel(box, time, as: UInt64.self)
      let chunks = String(array.storedChunkCount(in: stored(box, time: time)))
      if rows.rows.isEmpty { return TaskOutcome(result: chunks) }
      return TaskOutcome(result: chunks, files: [rowsFile(task): try rows.write(to: folder.appendingPathComponent(rowsFile(task)))])
    }
  }

  /// Writes a box of whole chunks, and measures what lies in it.
  private func relabel<Voxel: VoxelScalar & FixedWidthInteger>(_ box: Box, _ time: Int, as type: Voxel.Type) throws -> ObjectRows {
    let tiles = run.tiles
    var labels = VoxelBuffer<Voxel>(extent: box.extent)
    var isEmpty = true
    for block in plan.grid.blocks(meeting: box) {
      let part = block.core.intersection(box)
      if part.isEmpty { continue }
      let tile = time * plan.grid.count + block.number
      let layers = try tiles.layers(inCoreOf: tile)
      if layers.isEmpty { continue }
      var assignments: [Int: ObjectMerger.Assignment] = [:]
      for layer in layers { assignments[layer.tile] = try run.assignments.read(layer.tile) }
      let painted = paintedObjects(in: part, ofCoreOf: tile, layers: layers, assignments: assignments, as: Voxel.self)
      isEmpty = false
      labels.copy(from: painted, box: painted.extent.box, at: part.relative(to: box.lower).lower)
    }
    var rows = ObjectRows(channels: plan.image.channelCount)
    // Chunks of background are not stored; those of an earlier attempt are gone with their arrays.
    if isEmpty { return rows }
    let leading = stored(box, time: time)
    try writer.write(labels.reshaped(to: leading.extent), at: leading.lower)
    try rows.add(labels, box) { try plan.source.volume(channel: $0, time: time).read(box) }
    return rows
  }

  func pyramidStage(_ level: Int) -> Stage { writer.levelStage(level, width: plan.tilesAtOnce) }

  /// Writes the metadata that make the chunks an image.
  func complete() throws { try writer.writeMetadata() }

  /// How many objects are put together at once: bounds the memory, whatever their number.
  private static let objectsAtOnce = UInt64(250_000)

  /// Writes the table of all objects.
  ///
  /// - Returns: its bytes.
  func writeTable(to url: URL) throws -> Int {
    let boxes = boxes.count
    let table = ObjectTable(
      extent: plan.volume.extent, space: plan.volume.space, channels: plan.image.channelCount,
      hasTime: plan.image.axes.contains { $0.kind == .time })
    let folder = run.folder.stage(SegmentationRun.StageName.relabel)
    let temporary = url.appendingPathExtension("partial")
    try Data(table.header.utf8).write(to: temporary)
    let handle = try FileHandle(forWritingTo: temporary)
    defer { try? handle.close() }
    try handle.seekToEnd()
    var first = UInt64(1)
    for time in 0..<plan.times {
      // Each is opened once for its range, and again where that meets the objects at hand.
      let files = try (time * boxes..<(time + 1) * boxes).map { folder.appendingPathComponent(rowsFile($0)) }
        .filter { FileManager.default.fileExists(atPath: $0.path) }.compactMap { url in
          try Task.checkCancellation()
          return try ObjectRows.range(of: url).map { (url: url, labels: $0) }
        }
      while first <= merged.ends[time] {
        let range = first..<min(first + Self.objectsAtOnce, merged.ends[time] + 1)
        var rows = ObjectRows(channels: plan.image.channelCount)
        for file in files where file.labels.overlaps(range) {
          try Task.checkCancellation()
          try rows.add(contentsOf: file.url, labels: range)
        }
        var text: [UInt8] = []
        for label in range {
          guard let (row, intensities) = rows.row(label) else {
            throw RunError("object \(label) has no voxels", hint: "this is a fault of Weft: tell its authors, with the command")
          }
          table.append(label, time: time, row, intensities, to: &text)
        }
        try handle.write(contentsOf: Data(text))
        first = range.upperBound
      }
    }
    try handle.synchronize()
    if FileManager.default.fileExists(atPath: url.path) { try FileManager.default.removeItem(at: url) }
    try FileManager.default.moveItem(at: temporary, to: url)
    return ((try FileManager.default.attributesOfItem(atPath: url.path))[.size] as? NSNumber)?.intValue ?? 0
  }
}
