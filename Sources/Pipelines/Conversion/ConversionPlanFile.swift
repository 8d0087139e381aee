// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Volumes

/// `plan.json` of a conversion.
struct ConversionPlanFile: PlanFile {
  static let kindName = "convert"

  var kind = Self.kindName
  var weft = WeftVersion.current
  var input: InputIdentity
  var options: ConversionOptions
  var stages: [StageOutline]

  init(_ run: ConversionRun) {
    input = InputIdentity(run.plan.image, withChunks: true)
    options = run.plan.options
    stages = run.outlines
  }

  /// The image that is planned for.
  func image() throws -> StoredImage { try StoredImage.open(input.path, axes: input.axes, spacing: input.spacing) }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    return (ConversionRun(try ConversionPlan(image(), options, OutputRun.outputPath(of: folder.url)), folder), options.retries)
  }
}
