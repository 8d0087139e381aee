// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation
public import Grids
public import Volumes

/// Makes an image of another of any size, tile by tile, by a program that makes an image of a tile (denoising, a map of probabilities).
public struct TileImages: Sendable {
  /// The image.
  public let image: StoredImage
  /// What was asked for.
  public let options: TileImageOptions
  /// Told how the run goes on.
  public let progress: any ProgressReporter

  /// A run over an image.
  public init(_ image: StoredImage, options: TileImageOptions, progress: any ProgressReporter = SilentProgress()) {
    self.image = image
    self.options = options
    self.progress = progress
  }

  /// The same with tiles of a shape that follows from the image.
  ///
  /// - Parameter tileShape: from the voxels along the spatial axes of the finest level and their format to the voxels of a tile's core: one
  ///   number, or one an axis. Called once; the answer takes the place of the options' `tileShape`.
  /// - Throws: what it throws; `VolumeError` where the image has not two or three spatial axes.
  public init(
    _ image: StoredImage, options: TileImageOptions, progress: any ProgressReporter = SilentProgress(),
    tileShape: (_ extent: Extent, _ voxelType: VoxelType) throws -> [Int]
  ) throws {
    var options = options
    let levels = try image.volumes().levels
    options.tileShape = try tileShape(levels[min(0, levels.count - 1)].extent, image.voxelType)
    self.init(image, options: options, progress: progress)
  }

  /// Makes the image and writes it to `output`, an OME-Zarr.
  ///
  /// Nothing appears under that name before all is done. What an interrupted run with the same output finished is kept as far as the same
  /// input and parameters led to it, tile by tile.
  ///
  /// - Throws: `PipelineError` where options and image do not fit, the output exists or lies inside the input; `WorkerError` where the program
  ///   fails; `RunError` where another run writes the same output; errors of reading and writing; `CancellationError`.
  public func run(output: String) async throws { try await run(output: output, isResuming: false) }

  private func run(output: String, isResuming: Bool) async throws {
    try await WorkerRegister.run(progress) { try await planAndRun(output: output, isResuming: isResuming) }
  }

  private func planAndRun(output: String, isResuming: Bool) async throws {
    try OutputRun.checkName(output, of: "images made of tiles")
    let stagesOfGPU: Set = options.program.usesGPU ? [TileImageRun.StageName.filter] : []
    let outputRun = OutputRun(
      output: output, overwrite: options.overwrite, execution: options.execution(output: output, stagesOfGPU: stagesOfGPU),
      progress: progress)
    try outputRun.checkPlace(outside: image.places, notHolding: image.places)
    try outputRun.checkIsNoFolder(hint: "image.ome.zarr")
    try outputRun.checkKind(areLabels: false)
    try outputRun.checkAbsenceUnlessPublished()
    let work = outputRun.work
    let earlier = try? TileImagePlanFile.read(work)
    let plan = try TileImagePlan(image, options, frozen: earlier?.tiles(for: image, options, doneIn: work), progress: progress)
    progress.report(.note("command: \(plan.programText)"))
    progress.report(.note(plan.memoryText))
    if let warning = plan.tileWarning { progress.report(.warning(warning)) }
    let run = TileImageRun(plan, work)
    try await outputRun.perform(
      run,
      OutputRun.Steps(
        adopt: { try adopt(run, outputRun, isResuming: isResuming) }, complete: { try run.complete() },
        moves: { [Publication.Move(from: TileImageRun.place, to: URL(fileURLWithPath: output).standardizedFileURL.lastPathComponent)] }
      ) {
        for warning in run.changedVoxels().warnings { progress.report(.warning(warning)) }
      })
  }

  /// Goes on with a run that was interrupted.
  ///
  /// - Parameters:
  ///   - output: the image that is written, or the run folder beside it.
  ///   - change: changes options that the result does not depend on: memory, threads, retries.
  /// - Returns: the image that was written.
  /// - Throws: `PipelineError` where there is none to go on with, or the input changed; else as `run(output:)`.
  public static func resume(
    _ output: String, progress: any ProgressReporter = SilentProgress(), change: (inout TileImageOptions) -> Void = { _ in }
  ) async throws -> String {
    let (work, file) = try RunFolder.planned(output, as: TileImagePlanFile.self)
    var options = file.options
    change(&options)
    let path = OutputRun.outputPath(of: work.url)
    try await TileImages(file.image(), options: options, progress: progress).run(output: path, isResuming: true)
    return path
  }

  /// Records the plan, and keeps what an earlier run with the same input did.
  private func adopt(_ run: TileImageRun, _ outputRun: OutputRun, isResuming: Bool) throws {
    let file = TileImagePlanFile(run)
    let work = outputRun.work
    _ = try TileImagePlanFile.adopted(
      from: work, output: outputRun.output, overwrite: options.overwrite && !isResuming, progress: progress,
      difference: file.difference(from:))
    try file.write(to: work)
    progress.report(staleStages: try work.adopt(run.outlines))
  }
}
