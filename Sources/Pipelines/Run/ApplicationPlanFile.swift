// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Volumes

/// `plan.json` of an application of transforms to an image.
struct ApplicationPlanFile: PlanFile {
  static let kindName = "apply"

  var kind = Self.kindName
  var weft = WeftVersion.current
  var input: InputIdentity
  /// The output folder of the registration, and what lies in its `transforms`.
  var registration: String
  var transforms: [InputIdentity]
  var options: ApplyOptions
  /// The lattice of the result.
  var grid: SpaceRecord
  var stages: [StageOutline]

  init(_ plan: ApplicationPlan, _ stages: [StageOutline]) {
    input = InputIdentity(plan.image, withChunks: true)
    registration = URL(fileURLWithPath: plan.application.folder).standardizedFileURL.path
    transforms = Self.identities(ofTransforms: plan.application.folder).map { $0.withChunks() }
    options = plan.application.options
    grid = SpaceRecord(extent: plan.map.grid.extent, space: plan.map.grid.space)
    self.stages = stages
  }

  /// Where the transforms of a registration lie: in its output folder, or in the folder named itself.
  static func place(ofTransforms folder: String) -> String {
    let inner = folder + "/transforms"
    return FileManager.default.isFolder(atPath: inner) == true ? inner : folder
  }

  /// The identities of all files of a registration's transforms.
  static func identities(ofTransforms folder: String) -> [InputIdentity] {
    let place = place(ofTransforms: folder)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
    return names.filter { !$0.hasPrefix(".") }.sorted().map { InputIdentity(path: place + "/" + $0) }
  }

  /// What differs from an earlier plan's inputs, in words; `nil` where nothing does.
  func difference(from earlier: ApplicationPlanFile) -> String? {
    if let change = input.difference(from: earlier.input) { return change }
    if registration != earlier.registration {
      return "the transforms were those in \(earlier.registration), and are those in \(registration)"
    }
    let names = (transforms.map(\.path), earlier.transforms.map(\.path))
    if names.0 != names.1 { return "\(registration): it holds other transforms" }
    return zip(transforms, earlier.transforms).lazy.compactMap { $0.difference(from: $1) }.first
  }

  /// The application that is planned, and its input.
  func application(_ options: ApplyOptions, _ progress: any ProgressReporter) throws -> (TransformApplication, StoredImage) {
    (
      try TransformApplication(transforms: registration, options: options, progress: progress),
      try StoredImage.open(input.path, axes: input.axes, spacing: input.spacing)
    )
  }

  /// The lattice as it was planned.
  func frozenGrid(in folder: RunFolder) throws -> OutputGrid {
    OutputGrid(extent: Extent(grid.extent), space: try grid.space(in: folder.plan.path))
  }

  func run(in folder: RunFolder, threads: Int?, progress: any ProgressReporter) throws -> (run: any StagedRun, retries: Int) {
    var options = options
    if let threads { options.threads = threads }
    let (application, image) = try application(options, progress)
    let plan = try ApplicationPlan(application, image, OutputRun.outputPath(of: folder.url), grid: frozenGrid(in: folder))
    return (ApplicationRun(plan, folder), options.retries)
  }
}
