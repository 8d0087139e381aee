// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Pyramids

/// The output folder of a run: results are made in `.weft/` inside it and moved to their names when all is done.
package struct OutputFolder {
  let url: URL
  /// The run folder inside it.
  let run: RunFolder

  /// The name of the run folder.
  static let workName = ".weft"
  /// Everything that a registration may leave; the report is made of the others, and goes with them.
  static let resultNames =
    ["transforms", KeptRun.folderName, "blocks.csv", "timings.csv", "run.json", "report.html", "report.json"]
    + OutputFormat.allCases.map { "registered.\($0.fileExtension)" }
  private var work: URL { run.url }
  /// Whether this run made the folder.
  private let isNew: Bool

  /// Checks and prepares the folder.
  ///
  /// - Throws: `PipelineError` where it holds results already and `overwrite` is false, is a file, lies inside an input, or cannot be
  ///   written.
  init(_ path: String, inputs: [String], overwrite: Bool) throws {
    try Self.refuseElsewhere(path)
    url = URL(fileURLWithPath: path).standardizedFileURL
    run = RunFolder(url.appendingPathComponent(Self.workName))
    try Self.refuse(url, amid: inputs)
    let isFolder = FileManager.default.isFolder(atPath: url.path)
    var present = isFolder == true ? (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? [] : []
    RunFolder.sweep(url)
    present.removeAll(where: RunFolder.isRemoved)
    isNew = isFolder == nil || present == [Self.workName]
    if let isFolder {
      guard isFolder else { throw PipelineError("--output \(path) is a file", hint: "name a folder that is new or empty") }
      if FileManager.default.fileExists(atPath: url.appendingPathComponent(RoundsRecord.fileName).path) {
        throw PipelineError(
          "--output \(url.path) holds rounds, and one registration has a folder of its own",
          hint: "name another folder, as \(url.path)/NAME")
      }
      // Results that an interrupted run was about to publish are its own.
      if Publication.begun(in: run) == nil { try refuseResults(overwrite: overwrite) }
    }
    do {
      try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    } catch {
      abandon()
      throw PipelineError("\(path) cannot be written: \(RunError.reason(error))", hint: "choose a folder you may write to")
    }
  }

  /// - Throws: `PipelineError` where the folder holds something besides run folders, which are no results, and that is not to be replaced.
  func refuseResults(overwrite: Bool) throws { try Self.refuseResults(in: url, overwrite: overwrite) }

  static func refuseResults(in url: URL, overwrite: Bool) throws {
    let present = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
    let results = present.filter { $0 != workName && !RunFolder.isRemoved($0) }.sorted()
    guard results.isEmpty || overwrite else {
      throw PipelineError(
        "--output \(url.path) exists and holds \(results.prefix(3).joined(separator: ", "))\(results.count > 3 ? ", …" : "")",
        hint: "choose another folder, or give --overwrite to replace the results in it")
    }
  }

  /// Removes the work folder, and the folder itself where this run made it and nothing was published.
  func abandon() {
    try? run.remove()
    if isNew, ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).isEmpty {
      try? FileManager.default.removeItem(at: url)
    }
  }

  /// An error that says where: Foundation's own name no file.
  func explained(_ error: any Error) -> any Error { Self.explained(error, in: url) }

  static func explained(_ error: any Error, in url: URL) -> any Error {
    guard let cause = error as? CocoaError else { return error }
    return PipelineError(
      "a result in \(url.path) cannot be written: \(RunError.reason(cause))",
      hint: "free some space, or choose an output on another disk that you may write to")
  }

  /// - Throws: `PipelineError` where a folder for results lies inside an input, or results in it would take the place of one.
  static func refuse(_ output: URL, amid inputs: [String]) throws {
    for input in inputs {
      try refuse(output, inside: input)
      try refuse(replacing: input, in: output)
    }
  }

  /// - Throws: `PipelineError` where an output lies on the web or in an archive, which are read and not written.
  static func refuseElsewhere(_ output: String) throws {
    guard let place = StoreLocation.readOnlyPlace(output) else { return }
    throw PipelineError("--output \(output) lies \(place), which is read and not written", hint: "choose a place in a local folder")
  }

  /// - Throws: `PipelineError` where an output lies where nothing is written, or is an input or lies inside one.
  package static func refuse(_ output: String, inside inputs: [String]) throws {
    try refuseElsewhere(output)
    for input in inputs { try refuse(URL(fileURLWithPath: output), inside: input) }
  }

  /// - Throws: `PipelineError` where `output` is an input or lies inside one.
  static func refuse(_ output: URL, inside input: String) throws {
    let inner = output.standardizedFileURL.resolvingSymlinksInPath().pathComponents
    // An input may name a level: the image is the Zarr group around it.
    var image = URL(fileURLWithPath: input).standardizedFileURL.resolvingSymlinksInPath()
    while image.pathComponents.count > 2, OMEImage.isZarr(image.deletingLastPathComponent().path) { image.deleteLastPathComponent() }
    let outer = image.pathComponents
    if inner.starts(with: outer) {
      throw PipelineError(
        "the output \(output.path) \(inner.count == outer.count ? "is" : "lies inside") the input \(input)",
        hint: "inputs are never changed: name another place")
    }
  }

  /// - Throws: `PipelineError` where what is replaced holds something that is needed.
  static func refuse(_ output: URL, holding needed: String) throws {
    let inner = URL(fileURLWithPath: needed).standardizedFileURL.resolvingSymlinksInPath().pathComponents
    guard inner.starts(with: output.standardizedFileURL.resolvingSymlinksInPath().pathComponents) else { return }
    throw PipelineError("the output \(output.path) holds \(needed), which is needed", hint: "inputs are never changed: name another place")
  }

  /// - Throws: `PipelineError` where results in `output` would take the place of an input, or what they replace holds it.
  private static func refuse(replacing input: String, in output: URL) throws {
    let inner = URL(fileURLWithPath: input).standardizedFileURL.resolvingSymlinksInPath().pathComponents
    let outer = output.resolvingSymlinksInPath().pathComponents
    guard inner.starts(with: outer), inner.count > outer.count else { return }
    let name = inner[outer.count]
    if name == Self.workName || name == "transforms" || name == KeptRun.folderName || name.hasPrefix("registered.") {
      throw PipelineError(
        "the input \(input) lies among the results in \(output.path), which would be replaced",
        hint: "inputs are never changed: name another --output")
    }
  }
}
