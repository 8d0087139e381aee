// SPDX-License-Identifier: Apache-2.0

public import BlockExecution
internal import Foundation
internal import Pyramids
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
    try await apply(to: image, output: output, isResuming: false)
  }

  private func apply(to image: StoredImage, output: String, isResuming: Bool) async throws -> ImageResult {
    try checkPlace(output, of: image)
    if Publication.begun(in: RunFolder(Self.workFolder(of: output))) == nil { try checkAbsence(output) }
    let plan = try ApplicationPlan(self, image, output)
    let work = RunFolder(Self.workFolder(of: output))
    let parent = work.url.deletingLastPathComponent()
    let isNewFolder = !FileManager.default.fileExists(atPath: parent.path)
    do {
      try FileManager.default.createDirectory(at: work.url, withIntermediateDirectories: true)
    } catch {
      throw PipelineError("\(output) cannot be written: \(RunError.reason(error))", hint: "choose a folder you may write to")
    }
    do {
      let lock = try RunLock(work)
      defer { withExtendedLifetime(lock) {} }
      RunFolder.sweep(parent)
      let published = Publication.begun(in: work)
      try published?.finish(in: work, to: parent)
      let run = ApplicationRun(plan, work)
      if published?.key != run.key || published?.isWhole(in: parent) == false {
        if published != nil {
          // Another run ends here; what it leaves is an output like any other.
          try work.clear()
        }
        let isNew = !FileManager.default.fileExists(atPath: work.plan.path)
        do {
          try checkAbsence(output)
          try adopt(plan, run, work, isResuming: isResuming)
          try await LocalExecutor(folder: work, retries: options.retries, progress: progress).run(run)
          try plan.images(in: work).complete()
          // It may have come into being meanwhile.
          try checkAbsence(output)
        } catch {
          tellHowToGoOn(run, output, isNew: isNew)
          if isNewFolder { unsafe rmdir(parent.path) }
          throw error
        }
        let publication = Publication(key: run.key, moves: [.init(from: plan.images(in: work).result, to: plan.name)], removed: [])
        try publication.begin(in: work)
        try publication.finish(in: work, to: parent)
      }
      let sampled = run.sampled
      // Where workers that are late keep it, the next run of this output removes it.
      try? work.remove()
      return ImageResult(
        output: output, largestInverseResidual: Double(sampled?.residual ?? 0),
        warning: sampled?.warning(plan.finest, image.path, rank: transforms.rank))
    } catch let cause as CocoaError {
      throw PipelineError(
        "\(output) cannot be written: \(RunError.reason(cause))",
        hint: "free some space, or choose an output on another disk that you may write to")
    }
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
    return try await application.apply(to: image, output: outputPath(of: work.url), isResuming: true)
  }

  private func checkPlace(_ output: String, of image: StoredImage) throws {
    let target = URL(fileURLWithPath: output)
    try OutputFolder.refuse(target, inside: image.path)
    try OutputFolder.refuse(target, inside: ApplicationPlanFile.place(ofTransforms: folder))
    for needed in [image.path, folder] { try OutputFolder.refuse(target, holding: needed) }
    // Of a link itself, wherever it leads.
    if let type = try? FileManager.default.attributesOfItem(atPath: output)[.type] as? FileAttributeType {
      switch type {
      case .typeRegular, .typeDirectory: break
      case .typeSymbolicLink:
        throw PipelineError(
          "--output \(output) is a link, and links are not replaced", hint: "name what it leads to, or choose another name")
      case .typeCharacterSpecial, .typeBlockSpecial:
        throw PipelineError("--output \(output) is a device", hint: "name a file or folder that is to be made")
      default:
        throw PipelineError("--output \(output) is neither a file nor a folder", hint: "choose another name")
      }
    }
    if FileManager.default.isFolder(atPath: output) == true, !OMEImage.isZarr(output) {
      throw PipelineError(
        "--output \(output) is a folder that holds no image", hint: "name the image itself, as \(output)/applied.ome.zarr")
    }
  }

  private func checkAbsence(_ output: String) throws {
    if FileManager.default.fileExists(atPath: output), !options.overwrite {
      throw PipelineError("--output \(output) exists", hint: "choose another name, or give --overwrite")
    }
  }

  /// Records the plan, and keeps what an earlier run with the same inputs did.
  private func adopt(_ plan: ApplicationPlan, _ run: ApplicationRun, _ work: RunFolder, isResuming: Bool) throws {
    let file = ApplicationPlanFile(plan, run.outlines)
    _ = try ApplicationPlanFile.adopted(
      from: work, output: plan.output, overwrite: options.overwrite && !isResuming, progress: progress, difference: file.difference(from:))
    try file.write(to: work)
    progress.report(staleStages: try work.adopt(run.outlines))
    try plan.images(in: work).prepare()
  }

  /// Says how far the run is and how to go on; of a new one of which nothing is done, nothing stays.
  private func tellHowToGoOn(_ run: ApplicationRun, _ output: String, isNew: Bool) {
    let journal = Journal(run.folder, run.outlines)
    if isNew, !journal.outlines.contains(where: { !journal.entries(of: $0.name).isEmpty }) { return (try? run.folder.remove()) ?? () }
    journal.report(to: progress, goOn: "`weft resume \(output)` or the same command goes on")
  }
}
