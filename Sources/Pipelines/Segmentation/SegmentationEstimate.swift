// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
public import Grids
internal import Pyramids
internal import Volumes

/// What a segmentation takes, as it is known before a voxel is segmented.
public struct SegmentationEstimate: Sendable {
  /// A stage and its tasks.
  public struct Stage: Sendable {
    /// Its name, as `weft status` shows it.
    public var name: String
    /// How many tasks it has.
    public var tasks: Int
  }

  /// The name of the method; of a program also what it says of itself.
  public let method: String
  /// The tiles of one time point.
  public let grid: BlockGrid
  /// Voxels an axis that tiles read beyond their halo.
  public let margin: [Int]
  /// How many time points there are.
  public let times: Int
  /// How many tiles are worked on at once.
  public let tilesAtOnce: Int
  /// Bytes that one tile takes.
  public let tileBytes: Int
  /// Bytes that the run is expected to take at the most, its programs included.
  public let expectedMemory: Int
  /// What it may take.
  public let memory: MemoryBudget
  /// The stages, in their order.
  public let stages: [Stage]
  /// What the user should know of the tiles.
  public let notes: [String]

  /// All tasks.
  public var tasks: Int { stages.map(\.tasks).reduce(0, +) }

  init(_ run: SegmentationRun) {
    let plan = run.plan
    method = plan.options.method.rawValue + (plan.method.programText.map { ": \($0)" } ?? "")
    (grid, margin, times, tilesAtOnce) = (plan.grid, plan.margin, plan.times, plan.tilesAtOnce)
    (tileBytes, expectedMemory, memory) = (plan.tiling.tileBytes, plan.tiling.expectedMemory, plan.tiling.memory)
    notes = [plan.tiling.text] + [plan.tiling.warning].compactMap { $0 }
    let layout = run.layout(.uint32)
    stages = run.outlines.map { outline in
      if let tasks = outline.tasks { return Stage(name: outline.name, tasks: tasks) }
      if outline.name == SegmentationRun.StageName.relabel {
        return Stage(name: outline.name, tasks: plan.times * LabelImage.boxes(plan, layout).count)
      }
      let level = layout.factors.indices.dropFirst().first { outline.name == ImageStages.StageName.pyramid($0) } ?? 0
      return Stage(name: outline.name, tasks: layout.extent(level: level).dividedRoundingUp(by: layout.taskSize(level: level)).count)
    }
  }
}
