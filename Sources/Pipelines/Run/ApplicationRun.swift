// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// The application of transforms to an image as stages of tasks over files: resample → one a pyramid level, or → export.
struct ApplicationRun: StagedRun {
  let plan: ApplicationPlan
  let folder: RunFolder
  let outlines: [StageOutline]

  init(_ plan: ApplicationPlan, _ folder: RunFolder) {
    self.plan = plan
    self.folder = folder
    outlines = plan.images(in: folder).outlines([
      "version": WeftVersion.current, "input": InputIdentity(plan.image).text,
      "transforms": ApplicationPlanFile.identities(ofTransforms: plan.application.folder).map(\.text).joined(separator: "; "),
      "to": plan.application.options.target.rawValue, "labels": "\(plan.isLabels)",
      "grid": "\(plan.map.grid)", "fill": "\(plan.application.options.fill)",
    ])
  }

  func prepare(_ folder: RunFolder) throws -> [(stage: String, changes: [String])] {
    let stale = try folder.adopt(outlines)
    try plan.images(in: folder).prepare()
    return stale
  }

  func stage(_ name: String, journal: Journal) throws -> Stage {
    guard let stage = try plan.images(in: folder).stage(name) else { throw outlines.unknown(name) }
    return stage
  }

  /// What the mapping noted over the whole image.
  var sampled: SampledRegion? {
    Journal(folder, outlines).entries(of: ImageStages.StageName.resample).values.compactMap { ImageStages.Resampled($0.outcome)?.sampled }
      .reduce(nil) { whole, part in
        guard var whole else { return part }
        whole.merge(part)
        return whole
      }
  }
}
