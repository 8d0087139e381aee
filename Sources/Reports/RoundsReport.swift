// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
public import Pipelines

/// The page over several rounds that are registered to one reference: a row for each, with a link to its report.
///
///     let result = try await rounds.run(into: "out")
///     try RoundsReport(folder: result.folder).write()      // out/report.html
public struct RoundsReport: Sendable {
  /// The output folder.
  public let folder: String
  /// The rounds that are registered, in the order they were given.
  public let rounds: [RoundSummary]
  private let fixed: String

  /// Whether a folder is that of rounds, of which one at least is registered.
  public static func isOne(_ folder: String) -> Bool { RoundsRecord(in: folder) != nil }

  /// Reads the records of the rounds; no image is opened.
  ///
  /// - Throws: `PipelineError` where there is no such folder, or a record is missing or damaged.
  public init(folder: String) throws {
    guard let record = RoundsRecord(in: folder) else {
      throw PipelineError(
        "\(folder) holds no \(RoundsRecord.fileName) that is whole", hint: "give the output folder of a `weft register` with several rounds"
      )
    }
    self.folder = folder
    rounds = try record.rounds.map { try RoundSummary($0, in: folder) }
    fixed = record.fixed.path
  }

  /// Writes the page as `report.html` in the output folder, in place of what was there. Its links hold wherever the folder lies.
  ///
  /// - Returns: where it is.
  /// - Throws: `PipelineError` where it cannot be written.
  @discardableResult
  public func write() throws -> String {
    let page = URL(fileURLWithPath: folder).appendingPathComponent(RegistrationReport.pageName)
    do { try Data(RoundsPage(fixed: fixed, rounds: rounds).page.html.text.utf8).write(to: page, options: .atomic) } catch {
      throw PipelineError(
        "\(page.path) cannot be written: \(RunError.reason(error))", hint: "see that the folder is there, has room, and may be written to")
    }
    return page.path
  }
}
