// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import ChunkStores
internal import Foundation
internal import Pipelines
internal import Volumes

/// The report of a finished registration: one HTML page with pictures and tables that needs no network, and the same facts as JSON.
///
///     let result = try await registration.run(into: "out")
///     try RegistrationReport(folder: result.folder).write()      // out/report.html, out/report.json
///
/// Made from what the output folder holds (`run.json`, `blocks.csv`, `timings.csv`, `transforms/`, the registered image) and from the inputs
/// where these are still where they were. Pictures are read from the coarsest level that is fine enough, in parts: a report of a terabyte
/// takes no more memory than one of a gigabyte.
public struct RegistrationReport: Sendable {
  /// What was written.
  public struct Written: Sendable {
    /// The page.
    public let page: String
    /// The facts for programs.
    public let facts: String
    /// What the report had to leave out, and why; empty where it is whole.
    public let omissions: [String]
  }

  /// The names of both files in the output folder.
  public static let (pageName, factsName) = ("report.html", "report.json")

  /// The output folder.
  public let folder: String
  private let run: RecordedRun
  private let table: RecordedBlocks
  private let times: RecordedTimes?
  private let transforms: TransformFolder?
  private let rank: Int
  private let missing: [String]

  /// A page that is no larger is mailed without trouble.
  private static let mostBytes = 5_000_000
  /// Pixels a side, and how many greys a colour has: the first whose page is small enough is taken. Two dimensions have one plane, which may
  /// be larger.
  private static func sizes(rank: Int) -> [(pixels: Int, levels: [Int])] {
    (rank == 2 ? [(1024, [64])] : []) + [(512, [64, 32]), (256, [64, 32])]
  }

  /// Reads the records of a finished registration; no image is opened.
  ///
  /// - Throws: `PipelineError` or `TransformError`, with a hint, where there is no such folder, no registration in it, or a table or record is
  ///   damaged.
  public init(folder: String) throws {
    self.folder = folder
    try RunHandle.requirePublished(in: folder)
    run = try RecordedRun(folder: folder)
    var missing: [String] = []
    do { transforms = try TransformFolder.open(folder) } catch {
      transforms = nil
      missing.append("all pictures: \((error as? any LocalizedError)?.errorDescription ?? error.localizedDescription)")
    }
    rank = transforms?.rank ?? run.fixed.axes.lowercased().count { "zyx".contains($0) }
    guard rank == 2 || rank == 3 else {
      throw PipelineError(
        "\(folder)/run.json names the axes `\(run.fixed.axes)`, and two or three of them are needed", hint: "run the registration again")
    }
    table = try RecordedBlocks(contentsOf: folder + "/blocks.csv", rank: rank)
    times = try RecordedTimes(contentsOf: folder + "/timings.csv")
    if times == nil { missing.append("time and memory: \(folder)/timings.csv is missing") }
    self.missing = missing
  }

  /// Makes the report and writes it; both files appear under their names when they are whole, in place of what was there.
  ///
  /// - Parameter output: the page; `nil` for `report.html` in the output folder. The facts lie beside it, named likewise, ending in `.json`.
  /// - Returns: where they are, and what is left out because it is not there any more.
  /// - Throws: `PipelineError` where they cannot be written; `CancellationError`.
  @discardableResult
  public func write(to output: String? = nil) throws -> Written {
    let page = try Self.checked(output) ?? URL(fileURLWithPath: folder).appendingPathComponent(Self.pageName)
    let facts = page.deletingPathExtension().appendingPathExtension("json")
    let (contents, html) = try made()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    do {
      try encoder.encode(ReportFacts(contents)).write(to: facts, options: .atomic)
      try html.write(to: page, options: .atomic)
    } catch let error as CocoaError {
      throw PipelineError(
        "\(page.path) cannot be written: \(RunError.reason(error))", hint: "see that the folder is there, has room, and may be written to")
    }
    return Written(page: page.path, facts: facts.path, omissions: contents.omissions)
  }

  /// The page as UTF-8, as small as it has to be.
  private func made() throws -> (ReportContents, Data) {
    var best: (ReportContents, Data)?
    for size in Self.sizes(rank: rank) {
      let pictures = try ReportPictures(folder, run, table, transforms, most: size.pixels)
      let contents = ReportContents(
        run: run, table: table, times: times, transforms: transforms, pictures: pictures, missing: missing, rank: rank)
      for levels in size.levels {
        try Task.checkCancellation()
        let html = Data(contents.page(levels: levels).html.text.utf8)
        if html.count <= Self.mostBytes { return (contents, html) }
        best = (contents, html)
      }
    }
    return best!
  }

  /// - Throws: `PipelineError` where a page cannot lie there.
  private static func checked(_ output: String?) throws -> URL? {
    guard let output else { return nil }
    if let place = StoreLocation.readOnlyPlace(output) {
      throw PipelineError("--output \(output) lies \(place), which is read and not written", hint: "choose a place in a local folder")
    }
    let url = URL(fileURLWithPath: output).standardizedFileURL
    guard ["html", "htm"].contains(url.pathExtension.lowercased()) else {
      throw PipelineError("--output \(output) does not end in .html", hint: "name a file, as --output report.html")
    }
    var isFolder: ObjCBool = false
    if unsafe FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
      throw PipelineError("--output \(output) is a folder", hint: "name a file, as --output report.html")
    }
    return url
  }
}
