// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation

/// The output folder of several rounds: a folder for each, `rounds.json`, and while they are under way `.weft/` with their plan.
struct RoundsFolder {
  let url: URL
  /// The run folder inside it.
  let run: RunFolder
  /// Whether this run made the folder.
  private let isNew: Bool

  /// Checks the folder, and makes it with its run folder.
  ///
  /// - Parameters:
  ///   - inputs: all that must stay as it is.
  ///   - names: those of the rounds.
  /// - Throws: `PipelineError` where it lies inside an input, an input lies among the results, it holds something else and is not to be
  ///   replaced, or it cannot be written.
  init(_ path: String, inputs: [String], names: [String], overwrite: Bool) throws {
    try OutputFolder.refuseElsewhere(path)
    url = URL(fileURLWithPath: path).standardizedFileURL
    run = RunFolder(url.appendingPathComponent(OutputFolder.workName))
    for input in inputs { try OutputFolder.refuse(url, inside: input) }
    for name in names { try OutputFolder.refuse(url.appendingPathComponent(name), amid: inputs) }
    RunFolder.sweep(url)
    isNew = !FileManager.default.fileExists(atPath: url.path)
    if let isFolder = FileManager.default.isFolder(atPath: url.path) {
      guard isFolder else { throw PipelineError("--output \(path) is a file", hint: "name a folder that is new or empty") }
      if FileManager.default.fileExists(atPath: url.appendingPathComponent("run.json").path) {
        throw PipelineError(
          "--output \(url.path) holds the results of one run, and those of rounds lie in folders of their own",
          hint: "choose another folder")
      }
      // What the rounds of an earlier start did is their own.
      if !FileManager.default.fileExists(atPath: run.plan.path) { try OutputFolder.refuseResults(in: url, overwrite: overwrite) }
    }
    do {
      try FileManager.default.createDirectory(at: run.url, withIntermediateDirectories: true)
    } catch {
      throw PipelineError("\(path) cannot be written: \(RunError.reason(error))", hint: "choose a folder you may write to")
    }
  }

  /// Removes the run folder, and the folder itself where this run made it and nothing is in it.
  func abandon() {
    try? run.remove()
    if isNew { unsafe rmdir(url.path) }
  }
}
