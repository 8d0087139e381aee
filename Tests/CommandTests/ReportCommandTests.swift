// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// `weft report`, and the report that `weft register` and `weft resume` leave.
struct ReportCommandTests {
  @Test func aReportIsMadeAgainAndElsewhere() async throws {
    try await withTemporaryFolder { folder in
      let (pair, out) = (folder.appendingPathComponent("pair").path, folder.appendingPathComponent("out").path)
      #expect(await Transcript(["phantom", pair, "--shape", "64,80", "--quiet"]).status == .done)
      let register = ["register", pair + "/fixed.ome.zarr", pair + "/moving.ome.zarr", "-o", out, "--accuracy", "draft", "-q"]
      let registered = await Transcript(register)
      #expect(registered.status == .done && registered.output.contains("report         \(out)/report.html"), "\(registered.output)")
      let page = try Data(contentsOf: URL(fileURLWithPath: out + "/report.html"))

      try FileManager.default.removeItem(atPath: out + "/report.html")
      let again = await Transcript(["report", out])
      #expect(again.status == .done && again.output == "report  \(out)/report.html\nfacts   \(out)/report.json\n" && again.errors == "")
      #expect(try Data(contentsOf: URL(fileURLWithPath: out + "/report.html")) == page)

      let elsewhere = folder.appendingPathComponent("elsewhere.html").path
      let told = await Transcript(["report", out, "-o", elsewhere, "--json"])
      let record = try #require(try JSONSerialization.jsonObject(with: Data(told.output.utf8)) as? [String: Any])
      #expect(record["report"] as? String == elsewhere && (record["omissions"] as? [String])?.isEmpty == true)
      #expect(try Data(contentsOf: URL(fileURLWithPath: elsewhere)) == page)

      try FileManager.default.removeItem(atPath: pair + "/moving.ome.zarr")
      let poorer = await Transcript(["report", out])
      #expect(poorer.status == .done && poorer.errors.hasPrefix("warning: the report leaves out the moving image"), "\(poorer.errors)")

      // What is made anew takes the place of the report, too.
      #expect(await Transcript(["phantom", pair, "--shape", "64,80", "--quiet", "--overwrite"]).status == .done)
      #expect(await Transcript(register + ["--overwrite", "--stages", "affine"]).status == .done)
      #expect(try String(contentsOfFile: out + "/report.html", encoding: .utf8).contains("The map is affine"))
    }
  }

  @Test func aReportIsMadeOfRegistrationsAlone() async throws {
    try await withTemporaryFolder { folder in
      let (pair, labels) = (folder.appendingPathComponent("pair").path, folder.appendingPathComponent("labels.ome.zarr").path)
      #expect(await Transcript(["phantom", pair, "--shape", "64,80", "--quiet"]).status == .done)
      #expect(await Transcript(["segment", pair + "/fixed.ome.zarr", "-o", labels, "--diameter", "8", "-q"]).status == .done)
      for (words, part, status) in [
        ([labels], "a report is made of a registration", ExitStatus.failed), ([pair], "holds no run.json", .failed),
        ([folder.path + "/nothing"], "does not exist", .failed), ([], "DIR", .wrongUsage),
      ] {
        let refused = await Transcript(["report"] + words)
        #expect(refused.status == status && refused.errors.contains(part) && refused.errors.contains("\n\nhint: "), "\(refused.errors)")
      }
    }
  }
}
