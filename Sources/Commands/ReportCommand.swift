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
    let written = try RegistrationReport(folder: arguments.folder).write(to: arguments.page)
    for omission in written.omissions { console.warn("the report leaves out \(omission)") }
    let record = ReportRecord(report: written.page, facts: written.facts, omissions: written.omissions)
    if arguments.output.json { try console.print(json: record) } else { console.print(record.text) }
    return .done
  }

  /// Writes the report of a registration that has just ended; what goes wrong there takes nothing away from the registration.
  ///
  /// - Returns: the page; `nil` where there is none, which was said.
  /// - Throws: `CancellationError`.
  static func write(after result: RegistrationResult, _ console: Console) throws -> String? {
    do {
      let written = try RegistrationReport(folder: result.folder).write()
      for omission in written.omissions { console.warn("the report leaves out \(omission)") }
      return written.page
    } catch let error as CancellationError { throw error } catch {
      console.warn(
        "the registration is done, but its report could not be written: \(error.localizedDescription); "
          + "`weft report \(result.folder)` tries again")
      return nil
    }
  }
}

/// What is printed of a report.
struct ReportRecord: Encodable {
  let report: String
  let facts: String
  let omissions: [String]

  var text: String { Numbers.table([("report", report), ("facts", facts)]) }
}
