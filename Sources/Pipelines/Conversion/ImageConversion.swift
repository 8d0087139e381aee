// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation
public import Volumes

/// Writes an image anew, in another format or as other chunks: any image that can be opened as OME-Zarr, TIFF, NIfTI or NRRD.
public struct ImageConversion: Sendable {
  /// The image.
  public let image: StoredImage
  /// What was asked for.
  public let options: ConversionOptions
  /// Told how the run goes on.
  public let progress: any ProgressReporter

  /// A conversion of an image.
  public init(_ image: StoredImage, options: ConversionOptions = ConversionOptions(), progress: any ProgressReporter = SilentProgress()) {
    self.image = image
    self.options = options
    self.progress = progress
  }

  /// Writes the image to `output`.
  ///
  /// Nothing appears under that name before all is done. What an interrupted run with the same output finished is kept as far as the same
  /// input and parameters led to it, box by box.
  ///
  /// - Throws: `PipelineError` where options and image do not fit, the output exists or lies inside the input; `RunError` where another run
  ///   writes the same output; errors of reading and writing; `CancellationError`.
  public func run(output: String) async throws { try await run(output: output, isResuming: false) }

  private func run(output: String, isResuming: Bool) async throws {
    let outputRun = OutputRun(
      output: output, overwrite: options.overwrite, execution: options.execution(output: output), progress: progress)
    try outputRun.checkPlace(outside: image.places, notHolding: image.places)
    try outputRun.checkIsNoFolder(hint: "image.ome.zarr")
    try outputRun.checkAbsenceUnlessPublished()
    let plan = try ConversionPlan(image, options, output)
    let run = ConversionRun(plan, outputRun.work)
    try await outputRun.perform(
      run,
      OutputRun.Steps(
        adopt: { try adopt(run, outputRun, isResuming: isResuming) }, complete: { try run.complete() },
        moves: { [Publication.Move(from: run.result, to: plan.name)] }
      ) {})
  }

  /// Goes on with a run that was interrupted.
  ///
  /// - Parameters:
  ///   - output: the image that is written, or the run folder beside it.
  ///   - change: changes options that the result does not depend on: memory, threads, retries.
  /// - Returns: the image that was written.
  /// - Throws: `PipelineError` where there is none to go on with, or the input changed; else as `run(output:)`.
  public static func resume(
    _ output: String, progress: any ProgressReporter = SilentProgress(), change: (inout ConversionOptions) -> Void = { _ in }
  ) async throws -> String {
    let (work, file) = try RunFolder.planned(output, as: ConversionPlanFile.self)
    var options = file.options
    change(&options)
    let path = OutputRun.outputPath(of: work.url)
    try await ImageConversion(file.image(), options: options, progress: progress).run(output: path, isResuming: true)
    return path
  }

  /// Records the plan, and keeps what an earlier run with the same input did.
  private func adopt(_ run: ConversionRun, _ outputRun: OutputRun, isResuming: Bool) throws {
    let file = ConversionPlanFile(run)
    let work = outputRun.work
    _ = try ConversionPlanFile.adopted(
      from: work, output: outputRun.output, overwrite: options.overwrite && !isResuming, progress: progress,
      difference: { file.input.difference(from: $0.input) })
    try file.write(to: work)
    progress.report(staleStages: try run.prepare(work))
  }
}
