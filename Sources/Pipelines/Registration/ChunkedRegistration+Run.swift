// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Transforms
internal import Volumes

extension ChunkedRegistration {
  /// Runs all stages and writes `registered.*`, `transforms/`, `blocks.csv`, `timings.csv` and `run.json` into a folder.
  ///
  /// Nothing appears under a final name before all is done.
  ///
  /// - Throws: errors of reading and writing, naming the file; `RegistrationError`; `CancellationError`.
  public func run(into folder: String) async throws -> RegistrationResult {
    let output = try OutputFolder(folder, inputs: [fixed.path, moving.path], overwrite: options.overwrite)
    do {
      let start = ContinuousClock.now
      for note in plan.notes { progress.report(.note(note)) }
      let coarse = try await registerCoarse()
      let coarseSeconds = start.secondsUntilNow
      var blocks: BlockRegistrations?
      if options.stages.contains(.fine) {
        blocks = try await registerBlocks(coarse, in: output.work.appendingPathComponent("fields").path)
        if let blocks, blocks.records.allSatisfy({ $0.state == .outside }) {
          progress.report(.warning("the moving image lies outside the region everywhere: the registered image is empty"))
        }
      }
      let fineSeconds = start.secondsUntilNow - coarseSeconds
      var result = try await resample(coarse, blocks, inWork: output)
      try write(timings: [("coarse", coarseSeconds), ("fine", fineSeconds), ("total", start.secondsUntilNow)], blocks, to: output)
      try BlockTable.text(result.blocks, rank: rank).write(
        to: output.work.appendingPathComponent("blocks.csv"), atomically: true, encoding: .utf8)
      try RunRecord(self, result).encoded().write(to: output.work.appendingPathComponent("run.json"), options: .atomic)
      let registered = "registered.\(options.format.fileExtension)"
      let results = [registered, "transforms", "blocks.csv", "timings.csv", "run.json"]
      for name in results { try output.publish(name) }
      try output.removeResults(except: results)
      if !options.keepWork { output.abandon() }
      result.folder = output.url.path
      result.registered = output.url.appendingPathComponent(registered).path
      return result
    } catch {
      output.abandon()
      throw output.explained(error)
    }
  }

  /// Blends, composes and resamples the moving image once, and writes the registered image and the transforms into `folder`.
  ///
  /// - Throws: errors of reading and writing, naming the file; `CancellationError`.
  public func resample(_ coarse: CoarseRegistration, _ blocks: BlockRegistrations?, into folder: String) async throws -> RegistrationResult
  {
    let output = try OutputFolder(folder, inputs: [fixed.path, moving.path], overwrite: options.overwrite)
    do {
      var result = try await resample(coarse, blocks, inWork: output)
      let registered = "registered.\(options.format.fileExtension)"
      for name in [registered, "transforms"] { try output.publish(name) }
      try output.removeResults(except: [registered, "transforms"])
      output.abandon()
      result.folder = output.url.path
      result.registered = output.url.appendingPathComponent(registered).path
      return result
    } catch {
      output.abandon()
      throw output.explained(error)
    }
  }

  private func resample(
    _ coarse: CoarseRegistration, _ blocks: BlockRegistrations?, inWork output: OutputFolder
  ) async throws -> RegistrationResult {
    let transforms = output.work.appendingPathComponent("transforms")
    try FileManager.default.createDirectory(at: transforms, withIntermediateDirectories: true)
    var blended: (field: LocalField, repaired: Int)?
    if let blocks {
      blended = try await blend(blocks, at: transforms.appendingPathComponent(TransformFolder.fieldName).path)
    }
    try TransformFolder.write(
      coarse.transform, fixed: fixedRegion.extent, moving: movingPyramid.finest, rank: rank,
      fieldStride: blended.map { _ in plan.fieldStride },
      to: transforms)
    let registered = output.work.appendingPathComponent("registered.\(options.format.fileExtension)").path
    // Files round their numbers: what was written is what is used, so that `weft apply` gives the same voxels.
    var written = coarse
    written.transform = try TransformFolder.open(transforms.path).transform
    let map = try await resample(written, blended?.field, to: registered)
    return RegistrationResult(
      folder: "", registered: "", coarse: coarse, blocks: blocks?.records ?? [], map: map, repairedControlPoints: blended?.repaired ?? 0)
  }

  private func write(timings stages: [(String, Double)], _ blocks: BlockRegistrations?, to output: OutputFolder) throws {
    var lines = ["task,seconds,host,peak_memory_bytes"]
    let host = ProcessInfo.processInfo.hostName
    for (name, seconds) in stages {
      lines.append("\(name),\(String(format: "%.3f", seconds)),\(host),\(name == "total" ? String(PeakMemory.bytes()) : "")")
    }
    if let blocks {
      for (record, seconds) in zip(blocks.records, blocks.seconds) {
        lines.append("fine/\(record.block.number),\(String(format: "%.3f", seconds)),\(host),")
      }
    }
    try (lines.joined(separator: "\n") + "\n").write(
      to: output.work.appendingPathComponent("timings.csv"), atomically: true, encoding: .utf8)
  }
}
