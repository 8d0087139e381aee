// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Pyramids

/// The output folder of a run: results are made in `.weft/` inside it and moved to their names when all is done.
struct OutputFolder {
  let url: URL
  let work: URL
  /// Whether this run made the folder.
  private let isNew: Bool

  /// Checks and prepares the folder.
  ///
  /// - Throws: `PipelineError` where it holds results already and `overwrite` is false, is a file, lies inside an input, or cannot be
  ///   written.
  init(_ path: String, inputs: [String], overwrite: Bool) throws {
    url = URL(fileURLWithPath: path).standardizedFileURL
    work = url.appendingPathComponent(".weft")
    for input in inputs {
      try Self.refuse(url, inside: input)
      try Self.refuse(replacing: input, in: url)
    }
    let isFolder = FileManager.default.isFolder(atPath: url.path)
    isNew = isFolder == nil
    if let isFolder {
      guard isFolder else { throw PipelineError("--output \(path) is a file", hint: "name a folder that is new or empty") }
      let present = (try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []
      // What an interrupted run left in its work folder is no result.
      let results = present.filter { $0 != ".weft" }
      guard results.isEmpty || overwrite else {
        throw PipelineError(
          "--output \(path) exists and holds \(results.sorted().prefix(3).joined(separator: ", "))\(results.count > 3 ? ", …" : "")",
          hint: "choose another folder, or give --overwrite to replace the results in it")
      }
    }
    do {
      try? FileManager.default.removeItem(at: work)
      try FileManager.default.createDirectory(at: work, withIntermediateDirectories: true)
    } catch {
      abandon()
      throw PipelineError("\(path) cannot be written: \(Self.reason(error))", hint: "choose a folder you may write to")
    }
  }

  /// Moves what is in the work folder under `name` to its final name, replacing what is there.
  func publish(_ name: String) throws {
    let target = url.appendingPathComponent(name)
    if FileManager.default.fileExists(atPath: target.path) { try FileManager.default.removeItem(at: target) }
    try FileManager.default.moveItem(at: work.appendingPathComponent(name), to: target)
  }

  /// Removes what an earlier run left under the names of results that this one does not have.
  func removeResults(except kept: [String]) throws {
    let known = ["transforms", "blocks.csv", "timings.csv", "run.json"] + OutputFormat.allCases.map { "registered.\($0.fileExtension)" }
    for name in known where !kept.contains(name) {
      let old = url.appendingPathComponent(name)
      if FileManager.default.fileExists(atPath: old.path) { try FileManager.default.removeItem(at: old) }
    }
  }

  /// Removes the work folder, and the folder itself where this run made it and nothing was published.
  func abandon() {
    try? FileManager.default.removeItem(at: work)
    if isNew, ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).isEmpty {
      try? FileManager.default.removeItem(at: url)
    }
  }

  /// An error that says where: Foundation's own name no file.
  func explained(_ error: any Error) -> any Error {
    guard let cause = error as? CocoaError else { return error }
    return PipelineError(
      "a result in \(url.path) cannot be written: \(Self.reason(cause))",
      hint: "free some space, or choose an output on another disk that you may write to")
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
    if name == ".weft" || name == "transforms" || name.hasPrefix("registered.") {
      throw PipelineError(
        "the input \(input) lies among the results in \(output.path), which would be replaced",
        hint: "inputs are never changed: name another --output")
    }
  }

  static func reason(_ error: any Error) -> String {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let text = cause?.localizedDescription ?? error.localizedDescription
    return text.contains("NSCocoaErrorDomain") ? "the system refuses it; a part of the path may be a file" : text
  }
}
