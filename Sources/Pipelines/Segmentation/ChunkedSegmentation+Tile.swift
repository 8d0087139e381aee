// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
public import Grids
internal import Segmentation
public import Volumes

extension ChunkedSegmentation {
  /// What the method finds in one tile.
  public struct TileResult: Sendable {
    /// Where the tile with its halo lies in the image.
    public var box: Box
    /// The part of it whose objects are the tile's to write.
    public var core: Box
    /// Labels of the tile with its halo: 1, 2, …
    public var labels: VoxelBuffer<UInt32>
    /// The labels that there are, each of one object.
    public var ids: [UInt32] { (0..<UInt32(boxes.count)).map { $0 + 1 } }
    /// The bounding box of each object in the image, in the order of `ids`.
    public var boxes: [Box]
    /// What the method took, without reading and measuring.
    public var seconds: Double
    /// The intensities of the first chosen channel.
    public var image: VoxelBuffer<Float>
  }

  /// How many tiles lie along each axis.
  ///
  /// - Throws: `PipelineError` where options and image do not fit.
  public func tileGrid() throws -> BlockGrid {
    let plan = try SegmentationPlan(image, options, isForOneTile: true, progress: progress)
    plan.method.shutdown(progress)
    return plan.grid
  }

  /// Segments one tile alone and writes nothing, for trying settings.
  ///
  /// The whole image is measured first where the method needs that, as a run would do.
  ///
  /// - Parameters:
  ///   - index: which tile along each axis, counted from 0.
  ///   - time: which time point.
  /// - Throws: `PipelineError` where there is no such tile, or options and image do not fit; what reading and the method throw.
  public func segmentTile(at index: [Int], time: Int = 0) throws -> TileResult {
    let plan = try SegmentationPlan(image, options, isForOneTile: true, progress: progress)
    guard index.count == plan.grid.rank, plan.grid.shape.box.contains(index) else {
      throw PipelineError(
        "there is no tile \(index.map(String.init).joined(separator: ",")): there are \(plan.grid.shape) tiles of \(plan.grid.core)",
        hint:
          "name one by its place along each axis, counted from 0, as \(plan.grid.shape.lengths.map { String($0 / 2) }.joined(separator: ","))"
      )
    }
    guard (0..<plan.times).contains(time) else {
      throw PipelineError("\(image.path) has no time point \(time): it has \(plan.times)", hint: "count from 0")
    }
    defer { plan.method.shutdown(progress) }
    plan.report(to: progress)
    let context = try plan.measuredContext(time)
    let block = plan.grid.block(at: index)
    let tile = try plan.tile(block, time)
    let clock = ContinuousClock()
    let began = clock.now
    let labels = try plan.labels(of: tile, block, context)
    let seconds = (clock.now - began) / .seconds(1)
    return TileResult(
      box: block.extended, core: block.core, labels: labels.voxels, boxes: labels.boxes().map { $0.translated(by: block.extended.lower) },
      seconds: seconds, image: tile.channels[0].cropped(to: block.extended.relative(to: tile.box.lower)))
  }
}
