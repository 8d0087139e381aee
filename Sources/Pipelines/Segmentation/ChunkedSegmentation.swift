// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation
public import Grids
internal import Pyramids
internal import Segmentation
public import Volumes

/// Segments an image of any size, tile by tile, and merges the tiles' objects into objects of the image.
public struct ChunkedSegmentation: Sendable {
  /// The image.
  public let image: StoredImage
  /// What was asked for.
  public let options: SegmentationOptions
  /// Told how the run goes on.
  public let progress: any ProgressReporter

  /// A segmentation of an image.
  public init(_ image: StoredImage, options: SegmentationOptions = SegmentationOptions(), progress: any ProgressReporter = SilentProgress())
  {
    self.image = image
    self.options = options
    self.progress = progress
  }

  /// The same with tiles of a shape that follows from the image.
  ///
  /// - Parameter tileShape: from the voxels along the spatial axes of the level that is segmented and their format to the voxels of a tile's core: one
  ///   number, or one an axis. Called once; the answer takes the place of the options' `tileShape`.
  /// - Throws: what it throws; `VolumeError` where the image has not two or three spatial axes.
  public init(
    _ image: StoredImage, options: SegmentationOptions = SegmentationOptions(), progress: any ProgressReporter = SilentProgress(),
    tileShape: (_ extent: Extent, _ voxelType: VoxelType) throws -> [Int]
  ) throws {
    var options = options
    let levels = try image.volumes().levels
    options.tileShape = try tileShape(levels[min(options.level, levels.count - 1)].extent, image.voxelType)
    self.init(image, options: options, progress: progress)
  }

  /// What a finished segmentation has to say for itself.
  public struct Result: Sendable {
    /// The labels that were written, their table and the record of the run.
    public var labels: String
    public var table: String
    public var record: String
    /// How many objects there are.
    public var objects: UInt64
    /// The number format of the labels.
    public var voxelType: VoxelType
  }

  /// Segments the image and writes its labels, with a table of the objects and the record of the run beside them.
  ///
  /// Nothing appears under a final name before all is done. What an interrupted run with the same output finished is kept as far as the same
  /// input and parameters led to it, tile by tile.
  ///
  /// - Throws: `PipelineError` where options and image do not fit, the output exists or lies inside the input; `RunError` where another run
  ///   writes the same output; `SegmentationError` where the method fails; errors of reading and writing; `CancellationError`.
  public func run(into target: LabelTarget) async throws -> Result { try await run(target, isResuming: false) }

  private func run(_ target: LabelTarget, isResuming: Bool) async throws -> Result {
    try await WorkerRegister.run(progress) {
      let (run, outputRun) = try prepared(target)
      run.plan.report(to: progress)
      return try await perform(run, outputRun, isResuming: isResuming)
    }
  }

  /// What this segmentation will take, of which nothing is done: the image is opened, programs are started to be asked what they need.
  ///
  /// - Parameter target: where the labels are to go; the plan is recorded there, and `resume` runs it. Nothing is recorded for `nil`.
  /// - Throws: as `run(into:)`.
  public func plan(recordedFor target: LabelTarget? = nil) throws -> SegmentationEstimate {
    guard let target else {
      let plan = try SegmentationPlan(image, options, progress: progress)
      defer { plan.method.shutdown(progress) }
      return SegmentationEstimate(
        SegmentationRun(plan, try LabelTarget("labels.ome.zarr"), RunFolder(FileManager.default.temporaryDirectory)))
    }
    let (run, outputRun) = try prepared(target)
    defer { run.plan.method.shutdown(progress) }
    try outputRun.record { try adopt(run, outputRun.work, isResuming: false) }
    return SegmentationEstimate(run)
  }

  /// Checks whether labels can be written there, and decides on tiles and stages; those of an earlier run that this one goes on with.
  private func prepared(_ target: LabelTarget) throws -> (SegmentationRun, OutputRun) {
    let stagesOfGPU: Set = options.program.usesGPU ? [SegmentationRun.StageName.segment] : []
    let outputRun = OutputRun(
      output: target.path, overwrite: options.overwrite, execution: options.execution(output: target.path, stagesOfGPU: stagesOfGPU),
      progress: progress)
    try outputRun.checkPlace(outside: target.group == nil ? image.places : [], notHolding: image.places)
    try target.check(image, level: options.level)
    try outputRun.checkIsNoFolder(hint: "labels.ome.zarr")
    try outputRun.checkKind(areLabels: true)
    try outputRun.checkAbsenceUnlessPublished()
    let work = outputRun.work
    // Chosen when all is done; before anything is done it is seen whether there are any.
    if Publication.begun(in: work) == nil { _ = try SegmentationNames(target, overwrite: options.overwrite) }
    let earlier = try? SegmentationPlanFile.read(work)
    let plan = try SegmentationPlan(image, options, frozen: earlier?.tiles(for: image, options, doneIn: work), progress: progress)
    return (SegmentationRun(plan, target, work), outputRun)
  }

  private func perform(_ run: SegmentationRun, _ outputRun: OutputRun, isResuming: Bool) async throws -> Result {
    let (work, target, labels) = (outputRun.work, run.target, SegmentationNames.labels(run.target))
    // From the labels inside an image up to what lies beside the image.
    let up = target.group == nil ? "" : "../../"
    return try await outputRun.perform(
      run,
      OutputRun.Steps(
        adopt: { try adopt(run, work, isResuming: isResuming) },
        complete: { try LabelImage(run, Journal(work, run.outlines)).complete() },
        moves: {
          let finish = SegmentationRun.StageName.finish
          let names = try SegmentationNames(target, overwrite: options.overwrite)
          return [
            Publication.Move(from: "\(finish)/run.json", to: up + names.record),
            Publication.Move(from: "\(finish)/objects.csv", to: up + names.table),
            Publication.Move(from: LabelImage.place(labels), to: labels),
          ]
        }, namesIn: SegmentationNames.folder(target)
      ) {
        try target.group?.add(labels)
        let merged = try run.merged(Journal(work, run.outlines))
        let moves = Publication.begun(in: work)?.moves.map(\.to) ?? []
        func path(_ suffix: String) -> String { SegmentationNames.shown(moves.first { $0.hasSuffix(suffix) } ?? suffix, target) }
        return Result(
          labels: target.path, table: path("objects.csv"), record: path("run.json"), objects: merged.objects, voxelType: merged.voxelType)
      })
  }

  /// Goes on with a segmentation that was interrupted.
  ///
  /// - Parameters:
  ///   - output: the labels that are written, or the run folder beside them.
  ///   - change: changes options that the result does not depend on: memory, threads, retries.
  /// - Throws: `PipelineError` where there is none to go on with, or the input changed; else as `run(output:)`.
  public static func resume(
    _ output: String, progress: any ProgressReporter = SilentProgress(), change: (inout SegmentationOptions) -> Void = { _ in }
  ) async throws -> Result {
    let (work, file) = try RunFolder.planned(output, as: SegmentationPlanFile.self)
    var options = file.options
    change(&options)
    return try await ChunkedSegmentation(file.image(), options: options, progress: progress)
      .run(file.target(of: work), isResuming: true)
  }

  /// Records the plan, and keeps what an earlier run with the same input did.
  private func adopt(_ run: SegmentationRun, _ work: RunFolder, isResuming: Bool) throws {
    let file = SegmentationPlanFile(run)
    _ = try SegmentationPlanFile.adopted(
      from: work, output: run.target.path, overwrite: options.overwrite && !isResuming, progress: progress,
      difference: file.difference(from:))
    try file.write(to: work)
    progress.report(staleStages: try work.adopt(run.outlines))
  }
}
