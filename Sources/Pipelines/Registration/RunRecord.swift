// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Registration
internal import Transforms
internal import Volumes

/// `run.json`: every effective parameter, versions and the identity of the inputs; no seconds and no host names, so that the same command
/// writes the same bytes.
package struct RunRecord: Encodable {
  /// An image that went in.
  package struct Input: Codable, Sendable {
    package var path: String
    var format: String
    var extent: [Int]
    var voxelType: String
    var axes: String
    /// The channel that was registered; `nil` for luminance or the first one.
    package var channel: Int?
  }

  struct Coarse: Encodable {
    var start: String
    var startScores: [String: Double]
    var quality: CoarseQuality
    var invalidVoxels: [String: Int]
    var notes: [String]
    var foundWarp: Bool
  }

  struct Level: Encodable {
    var scale: Int
    var factors: [Int]
    var chunkSize: [Int]
    var halo: [Int]
    var blocks: [String: Int]
    var repairedControlPoints: Int
  }

  var weft = WeftVersion.current
  var command = "register"
  var fixed: Input
  var moving: Input
  var preset: String
  var chunkSize: [Int]
  var overlap: String
  var halo: [Int]
  var downsample: [String: [Int]]
  var stages: [String]
  var engine: String
  var accuracy: String
  /// What is maximised: the one chosen where `auto` was asked for.
  var metric: String
  var metricReason: String
  var initialTransform: String?
  var region: [[Int]]?
  var fixedMask: String?
  var movingMask: String?
  var interpolation: String
  var blendSigma: Double
  var fieldStride: Int
  /// The budget, where one was given.
  var memoryBytes: Int?
  var coarse: Coarse
  var blocks: [String: Int]
  /// Blocks by verdict, and where verdicts change.
  var verdicts: [String: Int]
  var thresholds: VerdictThresholds
  /// Levels of blocks before full resolution, coarsest first; `nil` for none.
  var coarserLevels: [Level]?
  var repairedControlPoints: Int
  var map: MapStatistics
  /// What `weft refine` did since, in this order; `nil` for nothing.
  var refinements: [RefinementRecord]?

  init(_ registration: ChunkedRegistration, _ result: RegistrationResult, refinements: [RefinementRecord]) {
    let options = registration.options
    let plan = registration.plan
    fixed = Self.input(registration.fixed, channel: options.fixedChannel)
    moving = Self.input(registration.moving, channel: options.movingChannel)
    preset = plan.preset.rawValue
    chunkSize = plan.grid.core.lengths
    overlap = plan.overlap.description
    halo = plan.grid.halo.lengths
    downsample = ["fixed": plan.fixedFactors, "moving": plan.movingFactors]
    stages = RegistrationStage.allCases.filter { options.stages.contains($0) }.map(\.rawValue)
    engine = options.engine.rawValue
    accuracy = options.accuracy.rawValue
    metric = result.coarse.metric.rawValue
    metricReason = result.coarse.metricReason
    initialTransform = options.initialTransform
    region = options.region?.map { [$0.lowerBound, $0.upperBound] }
    fixedMask = options.fixedMask
    movingMask = options.movingMask
    interpolation = options.interpolation.rawValue
    blendSigma = options.blendSigma
    fieldStride = plan.fieldStride
    memoryBytes = options.memory?.bytes
    let found = result.coarse
    coarse = Coarse(
      start: found.start, startScores: Dictionary(found.startScores.map { ($0.name, $0.score) }, uniquingKeysWith: { first, _ in first }),
      quality: found.quality, invalidVoxels: ["fixed": found.invalidVoxels.fixed, "moving": found.invalidVoxels.moving], notes: found.notes,
      foundWarp: found.transform.coarse != nil)
    blocks = Dictionary(result.blockStates.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: +)
    verdicts = Dictionary(result.verdicts.map { ($0.key.rawValue, $0.value) }, uniquingKeysWith: +)
    thresholds = options.thresholds
    if !result.coarserLevels.isEmpty {
      coarserLevels = result.coarserLevels.map { level in
        Level(
          scale: level.scale, factors: level.factors, chunkSize: level.grid.core.lengths, halo: level.grid.halo.lengths,
          blocks: Dictionary(level.blocks.map { ($0.state.rawValue, 1) }, uniquingKeysWith: +),
          repairedControlPoints: level.repairedControlPoints)
      }
    }
    repairedControlPoints = result.repairedControlPoints
    map = result.map
    if !refinements.isEmpty { self.refinements = refinements }
  }

  static func input(_ image: StoredImage, channel: Int?) -> Input {
    Input(
      path: InputIdentity(image).path, format: image.format, extent: image.levels[0].source.extent.lengths,
      voxelType: image.voxelType.rawValue,
      axes: image.axes.map(\.name).joined(), channel: channel)
  }

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    // A start under which the images do not meet scores minus infinity.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
