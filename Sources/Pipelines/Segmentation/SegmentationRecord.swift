// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Segmentation
internal import Volumes

/// `run.json` of a segmentation: every effective parameter, versions and the identity of the input; no seconds and no host names, so that the
/// same command writes the same bytes.
struct SegmentationRecord: Encodable {
  var weft = WeftVersion.current
  var command = "segment"
  var image: RunRecord.Input
  var output: String
  var level: Int
  var channels: [Int]
  var method: String
  /// What it was given, and the versions of its programs.
  var methodParameters: [String: String]
  var diameterVoxels: [Double]?
  var threshold: Double?
  var minimumSize: Int?
  var tileShape: [Int]
  var halo: [Int]
  /// Voxels read beyond the halo.
  var margin: [Int]
  var merge: String
  var objects: UInt64
  var voxelType: String
  /// The budget, where one was given.
  var memoryBytes: Int?

  init(_ plan: SegmentationPlan, _ target: LabelTarget, _ merged: SegmentationRun.Merged) {
    image = RunRecord.input(plan.image, channel: nil)
    output = URL(fileURLWithPath: target.path).standardizedFileURL.path
    level = plan.options.level
    channels = plan.options.channels
    method = plan.options.method.rawValue
    methodParameters = plan.method.parameters
    diameterVoxels = plan.diameter
    threshold = plan.options.threshold
    minimumSize = plan.options.minimumSize
    tileShape = plan.grid.core.lengths
    halo = plan.grid.halo.lengths
    margin = plan.margin
    merge = plan.rule.rawValue
    objects = merged.objects
    voxelType = merged.voxelType.rawValue
    memoryBytes = plan.options.memory?.bytes
  }

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
