// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation
public import Volumes

extension TransformApplication {
  /// Resamples an image or labels onto the fixed lattice (or the moving one) and writes it to `output`.
  ///
  /// Nothing appears under that name before all is done. What an interrupted run with the same output finished is kept as far as the same
  /// inputs and parameters led to it, box by box.
  ///
  /// - Throws: `PipelineError` where the ranks do not fit, the output exists or lies inside the input; `RunError` where another run writes
  ///   the same output; errors of reading and writing; `CancellationError`.
  public func apply(to image: StoredImage, output: String) async throws -> ImageResult {
    try await apply(to: image, output: output, resumed: nil)
  }

  /// - Parameter resumed: the lattice of a run that is gone on with.
  private func apply(to image: StoredImage, output: String, resumed: OutputGrid?) async throws -> ImageResult {
    let outputRun = OutputRun(
      output: output, overwrite: options.overwrite, execution: options.execution(output: output), progress: progress)
    let inputs = image.places + [options.like].compactMap(\.self)
    try outputRun.checkPlace(
      outside: inputs + [ApplicationPlanFile.place(ofTransforms: folder)], notHolding: inputs + [folder])
    try outputRun.checkIsNoFolder(hint: "applied.ome.zarr")
    try outputRun.checkAbsenceUnlessPublished()
    let plan = try ApplicationPlan(self, image, output, grid: resumed)
    let work = outputRun.work
    let run = ApplicationRun(plan, work)
    let images = plan.images(in: work)
    return try await outputRun.perform(
      run,
      OutputRun.Steps(
        adopt: { try adopt(plan, run, work, isResuming: resumed != nil) }, complete: { try images.complete() },
        moves: { [Publication.Move(from: images.result, to: plan.name)] }
      ) {
        let sampled = run.sampled
        return ImageResult(
          output: output, largestInverseResidual: Double(sampled?.residual ?? 0),
          warning: sampled?.warning(plan.finest, image.path, rank: transforms.rank))
      })
  }

  /// Goes on with an application that was interrupted.
  ///
  /// - Parameters:
  ///   - output: the image that is written, or the run folder beside it.
  ///   - change: changes options that the result does not depend on: memory, threads, retries.
  /// - Throws: `PipelineError` where there is none to go on with, or an input changed; else as `apply(to:output:)`.
  public static func resume(
    _ output: String, progress: any ProgressReporter = SilentProgress(), change: (inout ApplyOptions) -> Void = { _ in }
  ) async throws -> ImageResult {
    let (work, file) = try RunFolder.planned(output, as: ApplicationPlanFile.self)
    var options = file.options
    change(&options)
    let (application, image) = try file.application(options, progress)
    return try await application.apply(
      to: image, output: OutputRun.outputPath(of: work.url), resumed: file.frozenGrid(in: work))
  }

  /// Records the plan, and keeps what an earlier run with the same inputs did.
  private func adopt(_ plan: ApplicationPlan, _ run: ApplicationRun, _ work: RunFolder, isResuming: Bool) throws {
    let file = ApplicationPlanFile(plan, run.outlines)
    _ = try ApplicationPlanFile.adopted(
      from: work, output: plan.output, overwrite: options.overwrite && !isResuming, progress: progress, difference: file.difference(from:))
    try file.write(to: work)
    progress.report(staleStages: try run.prepare(work))
  }
}
