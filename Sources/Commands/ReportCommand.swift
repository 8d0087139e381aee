// SPDX-License-Identifier: Apache-2.0

internal import CommandLineParsing
internal import Foundation
internal import Weft

/// What `report` is asked.
struct ReportArguments: TalkingArguments {
  var folder = ""
  var page: String?
  var output = OutputArguments()
}

/// `weft report`
enum ReportCommand {
  static let command = Command<ReportArguments>(
    "report", "show a finished registration as a page of pictures and tables",
    discussion: [
      "Writes one HTML page that needs no network: the images in magenta and green before and after, the blocks to look at first, how good "
        + "each block is, where the map displaces, stretches and folds, metrics, time and memory, and everything that was set. report.json "
        + "beside it holds the same facts for programs.",
      "`weft register` writes both at its end; this makes them again, as after a copy of the folder. Pictures need the inputs where they were: "
        + "what cannot be shown any more is named in the report and here.",
      "Of several rounds that were registered to one image, the reports of all are made again, and the page over them.",
      "What each picture and number means: Docs/Guides/report.md.",
    ],
    defaults: ReportArguments(),
    positionals: [.value("DIR", at: \.folder, "The output folder of a finished `weft register`", completion: .directory)],
    groups: [
      OptionGroup(
        "Options",
        [
          .value(
            "--output", "-o", at: \.page, "FILE.html", "The page; FILE.json goes beside it", fallback: "report.html in DIR",
            completion: .file)
        ] + ReportArguments.talking)
    ],
    examples: [
      CommandExample("make the report of a registration again", "weft report out"),
      CommandExample("put it elsewhere", "weft report out --output mouse12.html"),
    ])

  static let verb = Verb(command) { arguments, console in
    if RoundsReport.isOne(arguments.folder) {
      try remakeRounds(arguments, console)
      return .done
    }
    let record = try remake(arguments.folder, to: arguments.page, console)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }

  /// Writes the report of a registration that has just ended; what goes wrong there takes nothing away from the registration.
  ///
  /// - Returns: the page; `nil` where there is none, which was said.
  /// - Throws: `CancellationError`.
  static func write(after folder: String, _ console: Console) throws -> String? {
    do {
      let written = try RegistrationReport(folder: folder).write()
      for omission in written.omissions { console.warn("the report leaves out \(omission)") }
      return written.page
    } catch let error as CancellationError { throw error } catch {
      console.warn(
        "the registration is done, but its report could not be written: \(error.localizedDescription); "
          + "`weft report \(folder)` tries again")
      return nil
    }
  }

  /// Writes the page over several rounds that are registered; what goes wrong there takes nothing away from them.
  ///
  /// - Returns: the page; `nil` where there is none, which was said.
  static func writeRounds(after folder: String, _ console: Console) -> String? {
    do { return try RoundsReport(folder: folder).write() } catch {
      console.warn(
        "the rounds are registered, but the report over them could not be written: \(error.localizedDescription); `weft report \(folder)` "
          + "tries again")
      return nil
    }
  }

  /// Makes the reports of all rounds again, and the page over them.
  private static func remakeRounds(_ arguments: ReportArguments, _ console: Console) throws {
    let folder = arguments.folder
    let report = try RoundsReport(folder: folder)
    if let page = arguments.page {
      throw PipelineError(
        "\(folder) holds rounds, and --output \(page) is for the report of one",
        hint: "name one, as \(report.rounds[0].folder); without --output all reports are written where they belong")
    }
    let written = try report.rounds.map { try remake($0.folder, to: nil, console) }
    let record = RoundsReportRecord(report: try report.write(), rounds: written)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
  }

  private static func remake(_ folder: String, to page: String?, _ console: Console) throws -> ReportRecord {
    let written = try RegistrationReport(folder: folder).write(to: page)
    for omission in written.omissions { console.warn("the report leaves out \(omission)") }
    return ReportRecord(report: written.page, facts: written.facts, omissions: written.omissions)
  }
}

/// What is printed of a report.
struct ReportRecord: Encodable {
  let report: String
  let facts: String
  let omissions: [String]

  var text: String { Numbers.table([("report", report), ("facts", facts)]) }
}

/// What is printed of the reports of several rounds.
struct RoundsReportRecord: Encodable {
  let report: String
  let rounds: [ReportRecord]

  var text: String { Numbers.table([("report", report)] + rounds.map { ("round", $0.report) }) }
}
