// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
public import Grids
internal import Pyramids
internal import Transforms
internal import Volumes

/// What a registration will take, reckoned from extents alone.
public struct RegistrationEstimate: Sendable {
  /// One stage of the run.
  public struct Stage: Sendable {
    /// Its name, as `weft status` shows it.
    public let name: String
    /// Its tasks; `nil` where their number follows from what is found.
    public let tasks: Int?
    /// Seconds of one core, from rates measured on one machine (Docs/Concepts/reliability.md); 0 for what is short.
    public let coreSeconds: Double
  }

  /// The stages in order.
  public let stages: [Stage]
  /// The levels of the registered image, finest first, in voxels; one for formats without a pyramid.
  public let levels: [Extent]
  /// Files of the result.
  public let files: Int
  /// Files in the work folder before they are removed: the blocks' own fields, and the coarse images.
  public let workFiles: Int

  /// All tasks that are known of.
  public var tasks: Int { stages.compactMap(\.tasks).reduce(0, +) }
  /// Hours of one core.
  public var coreHours: Double { stages.map(\.coreSeconds).reduce(0, +) / 3600 }
}

/// Seconds of one core a million voxels, as `weft-benchmarks costs` compares them with what stages take.
private enum CostModel {
  static let downsample = 0.005
  /// Trying starts, whatever the size.
  static let search = 1.5
  static let coarse = 2.0
  static let fine = 0.35
  static let blend = 0.06
  /// With control points every 2 voxels; an eighth with every 4.
  static let carry = 0.2
  /// Likewise.
  static let compose = 0.5
  static let check = 0.1
  static let resample = 0.13
  /// A voxel of a probe.
  static let quality = 0.3
  static let pyramid = 0.008

  /// The fine stage at another accuracy, as a part of the normal one.
  static func effort(_ accuracy: Accuracy) -> Double {
    switch accuracy {
    case .draft: 0.6
    case .normal: 1
    case .high: 2.2
    }
  }
}

extension ChunkedRegistration {
  /// What this registration will take.
  ///
  /// - Complexity: O(number of tasks of the short stages), whatever the volume; no voxel is read.
  public var estimate: RegistrationEstimate {
    let run = RegistrationRun(self, RunFolder(FileManager.default.temporaryDirectory))
    let layout = run.imageStages().layout
    let voxels = Double(fixedRegion.extent.count) / 1e6
    let channels = Double(moving.channelCount * moving.timeCount)
    let inputs = Double(fixedPyramid.finest.extent.count + movingPyramid.finest.extent.count)
    let effort = CostModel.effort(options.accuracy)
    let levels = layout.factors.indices.map { layout.extent(level: $0) }
    let stages = run.outlines.map { outline in
      var tasks = outline.tasks
      if let stage = plan.levels.lazy.compactMap({ $0.cost(of: outline.name, effort: effort, fieldStride: plan.fieldStride) }).first {
        return RegistrationEstimate.Stage(name: outline.name, tasks: tasks, coreSeconds: stage)
      }
      let seconds: Double
      switch outline.name {
      case RegistrationRun.StageName.downsample: seconds = CostModel.downsample * inputs / 1e6
      case RegistrationRun.StageName.coarse:
        seconds = CostModel.search + CostModel.coarse * effort * Double(plan.coarseExtent.count) / 1e6
      case ImageStages.StageName.resample: seconds = CostModel.resample * voxels * channels
      case RegistrationRun.StageName.quality:
        seconds = CostModel.quality * Double(grid.count * QualityProbes.voxels(core: grid.core)) / 1e6
      default:
        seconds = 0
        guard let level = levels.indices.dropFirst().first(where: { outline.name == ImageStages.StageName.pyramid($0) }) else { break }
        tasks = levels[level].dividedRoundingUp(by: layout.taskSize(level: level)).count
        return RegistrationEstimate.Stage(
          name: outline.name, tasks: tasks, coreSeconds: CostModel.pyramid * Double(levels[level - 1].count) / 1e6)
      }
      return RegistrationEstimate.Stage(name: outline.name, tasks: tasks, coreSeconds: seconds)
    }
    let chunks = levels.indices.map { levels[$0].dividedRoundingUp(by: layout.chunk(level: $0)).count }.reduce(0, +)
    let isFine = options.stages.contains(.fine)
    let field = isFine ? SplineLattice(extent: grid.extent, stride: plan.fieldStride).box.extent : [0, 0, 0]
    let fieldChunks = 3 * field.dividedRoundingUp(by: Extent([Int](repeating: LocalField.chunk, count: 3))).count
    // Three tables, up to five files of transforms, and the metadata of image and field.
    let others = 8 + (options.format == .zarr ? levels.count + 1 : 0) + (isFine ? 2 : 0)
    return RegistrationEstimate(
      stages: stages, levels: levels, files: (options.format == .zarr ? chunks : 1) + fieldChunks + others,
      workFiles: (isFine ? plan.levels.map(\.grid.count).reduce(0, +) : 0) + stages[0].tasks!)
  }
}

extension BlockLevel {
  /// Seconds of one core that a stage of this level takes; `nil` where it is none of the long ones.
  fileprivate func cost(of stage: String, effort: Double, fieldStride: Int) -> Double? {
    let voxels = Double(grid.extent.count) / 1e6
    let perStride = 8 / Double(fieldStride * fieldStride * fieldStride)
    switch stage {
    case name(RegistrationRun.StageName.fine): return CostModel.fine * effort * blockVoxels / 1e6
    case name(RegistrationRun.StageName.blend): return CostModel.blend * voxels
    case name(RegistrationRun.StageName.carry): return CostModel.carry * perStride * voxels
    case name(RegistrationRun.StageName.compose): return CostModel.compose * perStride * voxels
    case name(RegistrationRun.StageName.check): return CostModel.check * voxels
    default: return nil
    }
  }

  /// Voxels of all blocks with their halos: the sum over blocks of the product of their lengths is the product of the sums along the axes.
  private var blockVoxels: Double {
    (0..<3).map { axis in
      (0..<grid.shape[axis]).reduce(0.0) { sum, index in
        let lower = index * grid.core[axis]
        let upper = min(lower + grid.core[axis], grid.extent[axis])
        return sum + Double(min(upper + grid.halo[axis], grid.extent[axis]) - max(lower - grid.halo[axis], 0))
      }
    }.reduce(1, *)
  }
}
