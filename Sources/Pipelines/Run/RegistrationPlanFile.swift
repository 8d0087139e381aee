// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids

/// `plan.json` of a registration: all that a worker needs to run any of its tasks.
struct RegistrationPlanFile: Codable {
  var weft = WeftVersion.current
  var fixed: InputIdentity
  var moving: InputIdentity
  var options: RegistrationOptions
  var frozen: FrozenPlan
  var stages: [StageOutline]

  /// Reads the plan of a run folder; `nil` where there is none.
  ///
  /// - Throws: where it is damaged, or of another version.
  static func read(_ folder: RunFolder) throws -> RegistrationPlanFile? {
    guard let data = try? Data(contentsOf: folder.plan) else { return nil }
    do { return try RunFolder.decoder.decode(Self.self, from: data) } catch {
      throw PipelineError(
        "\(folder.plan.path) is no plan that Weft \(WeftVersion.current) understands",
        hint: "remove \(folder.url.path), or give --overwrite, and register from the beginning")
    }
  }

  func write(to folder: RunFolder) throws {
    let encoder = RunFolder.encoder
    encoder.outputFormatting.insert(.prettyPrinted)
    try encoder.encode(self).write(to: folder.plan, options: .atomic)
  }
}

/// The numbers of a plan that results depend on, and that hence stay as they are while a run is resumed.
struct FrozenPlan: Codable, Equatable {
  /// What the numbers follow from: options that lead to others make a new plan.
  struct Cause: Codable, Equatable {
    var preset: Preset
    var blockExtent: [Int]?
    var overlap: String?
    var downsample: Int?
    var region: [Range<Int>]?
    var fieldStride: Int

    init(_ options: RegistrationOptions) {
      preset = options.preset
      blockExtent = options.blockExtent
      overlap = options.overlap?.description
      downsample = options.downsample
      region = options.region
      fieldStride = options.fieldStride
    }
  }

  var cause: Cause
  var core: [Int]
  var fixedFactors: [Int]
  var movingFactors: [Int]
  /// The memory that a block run again with a wider halo may take, in bytes.
  var widestBlock: Int

  init(_ plan: RegistrationPlan, _ options: RegistrationOptions) {
    cause = Cause(options)
    core = plan.grid.core.lengths
    fixedFactors = plan.fixedFactors
    movingFactors = plan.movingFactors
    widestBlock = plan.widestBlock
  }
}
