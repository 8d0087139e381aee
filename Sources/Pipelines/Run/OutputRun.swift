// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Pyramids

/// A run that writes an image: what it does lies in a hidden run folder beside the image until all is done.
struct OutputRun {
  /// The image that is written, as the user names it.
  let output: String
  let overwrite: Bool
  let execution: Execution
  let progress: any ProgressReporter

  /// The run folder.
  var work: RunFolder { RunFolder(Self.workFolder(of: output)) }

  /// The folder that the image lies in.
  var parent: URL { work.url.deletingLastPathComponent() }

  /// The run folder of an output, hidden beside it.
  static func workFolder(of output: String) -> URL {
    let url = URL(fileURLWithPath: output).standardizedFileURL
    return url.deletingLastPathComponent().appendingPathComponent(".\(url.lastPathComponent)\(OutputFolder.workName)")
  }

  /// The output that a run folder lies beside.
  static func outputPath(of work: URL) -> String {
    let name = work.lastPathComponent.dropFirst().dropLast(OutputFolder.workName.count)
    return work.deletingLastPathComponent().appendingPathComponent(String(name)).path
  }

  /// What a run is made of, beside its stages.
  struct Steps<Result> {
    /// Records the plan, and keeps what an earlier run with the same inputs did.
    var adopt: () throws -> Void
    /// Makes of what the stages wrote what it will be under its final name.
    var complete: () throws -> Void
    /// What is moved where when all is done.
    var moves: () throws -> [Publication.Move]
    /// The folder in which `moves` chooses names: one run at a time does, until its results have them. `nil` where it chooses none.
    var namesIn: URL?
    /// What the run has to say for itself; its folder is still there.
    var result: () throws -> Result
  }

  /// Runs all stages, and gives the results their names.
  ///
  /// Nothing appears under a final name before all is done. What an interrupted run with the same output finished is kept as far as the same
  /// inputs and parameters led to it.
  ///
  /// - Throws: `PipelineError` where the output exists; `RunError` where another run writes it; errors of the tasks; `CancellationError`.
  func perform<Result>(_ run: some StagedRun, _ steps: Steps<Result>) async throws -> Result {
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
      if published?.key != run.outlines.key || published?.isWhole(in: parent) == false {
        if published != nil {
          // Another run ends here; what it leaves is an output like any other.
          try work.clear()
        }
        let isNew = !FileManager.default.fileExists(atPath: work.plan.path)
        do {
          try checkAbsence()
          try steps.adopt()
          try await execution.run(run, in: work, progress: progress)
          try steps.complete()
          // It may have come into being meanwhile.
          try checkAbsence()
        } catch let error as RunDetached { throw error } catch {
          tellHowToGoOn(run, isNew: isNew)
          if isNewFolder { unsafe rmdir(parent.path) }
          throw error
        }
        try Self.alone(in: steps.namesIn) {
          let publication = Publication(key: run.outlines.key, moves: try steps.moves(), removed: [])
          try publication.begin(in: work)
          try publication.finish(in: work, to: parent)
        }
      }
      let result = try steps.result()
      // Where workers that are late keep it, the next run of this output removes it.
      try? work.remove()
      return result
    } catch let cause as CocoaError {
      throw PipelineError(
        "\(output) cannot be written: \(RunError.reason(cause))",
        hint: "free some space, or choose an output on another disk that you may write to")
    }
  }

  /// Records what is to be done, and does none of it; what an earlier run did of it is kept.
  ///
  /// - Throws: `PipelineError` where the folder cannot be written; `RunError` where another run is at work, or has just ended; what `adopt` throws.
  func record(adopt: () throws -> Void) throws {
    do {
      try FileManager.default.createDirectory(at: work.url, withIntermediateDirectories: true)
      let lock = try RunLock(work)
      defer { withExtendedLifetime(lock) {} }
      guard Publication.begun(in: work) == nil else {
        throw RunError("the run of \(output) is done: its results are being given their names", hint: "`weft resume \(output)` ends it")
      }
      let isNew = !FileManager.default.fileExists(atPath: work.plan.path)
      do {
        try adopt()
      } catch {
        if isNew { try? work.remove() }
        throw error
      }
    } catch let cause as CocoaError {
      throw PipelineError("\(output) cannot be written: \(RunError.reason(cause))", hint: "choose a folder you may write to")
    }
  }

  /// Does something while no other run does it in the same folder. The file that says so goes again.
  private static func alone(in folder: URL?, _ body: () throws -> Void) throws {
    guard let path = folder?.appendingPathComponent(".weft-names").path else { return try body() }
    guard let lock = try FileLock(path, patience: .seconds(60)) else {
      throw RunError("\(path) is held by another run", hint: "give the same command again when it is done")
    }
    defer {
      unsafe unlink(path)
      withExtendedLifetime(lock) {}
    }
    try body()
  }

  /// - Throws: `PipelineError` where the output lies inside what is needed, would replace it, or is nothing that an image can replace.
  func checkPlace(outside inputs: [String], notHolding needed: [String]) throws {
    try OutputFolder.refuse(output, inside: inputs)
    for needed in needed { try OutputFolder.refuse(URL(fileURLWithPath: output), holding: needed) }
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
  }

  /// - Throws: `PipelineError` where the output is a folder that holds no image.
  func checkIsNoFolder(hint name: String) throws {
    if FileManager.default.isFolder(atPath: output) == true, !OMEImage.isZarr(output) {
      throw PipelineError("--output \(output) is a folder that holds no image", hint: "name the image itself, as \(output)/\(name)")
    }
  }

  /// - Throws: `PipelineError` where the output exists and is not to be replaced.
  func checkAbsence() throws {
    if FileManager.default.fileExists(atPath: output), !overwrite {
      throw PipelineError("--output \(output) exists", hint: "choose another name, or give --overwrite")
    }
  }

  /// - Throws: `PipelineError` where the output exists, and no run is just giving it its name.
  func checkAbsenceUnlessPublished() throws {
    if Publication.begun(in: work) == nil { try checkAbsence() }
  }

  /// Says how far the run is and how to go on; of a new one of which nothing is done, nothing stays.
  private func tellHowToGoOn(_ run: some StagedRun, isNew: Bool) {
    let journal = Journal(work, run.outlines)
    if isNew, !journal.outlines.contains(where: { !journal.entries(of: $0.name).isEmpty }) { return (try? work.remove()) ?? () }
    journal.report(to: progress, goOn: "`weft resume \(output)` or the same command goes on")
  }
}
