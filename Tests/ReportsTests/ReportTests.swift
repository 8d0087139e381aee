// SPDX-License-Identifier: Apache-2.0

import Foundation
import Reports
import TestSupport
import Testing

/// Reports of small registrations that were really run.
struct ReportTests {
  @Test func theReportOfARunHoldsEveryPicture() async throws {
    try await PhantomRun.with([96, 96, 96], block: [48, 48, 48], name: "a <b> & \"c\" 'd'") { run in
      let written = try RegistrationReport(folder: run.out).write()
      #expect(written.omissions == [] && written.page == run.out + "/report.html" && written.facts == run.out + "/report.json")
      let page = try run.page
      #expect(page.utf8.count < 5_000_000)
      // Three planes of before, affine and registered, as overlay and checkerboard; four blocks before and after; two maps.
      #expect(page.count(of: "<img ") == 3 * 3 * 2 + 4 * 2 * 3 * 2 + 2 * 3)
      #expect(page.count(of: " alt=\"\"") == 0 && page.count(of: " alt=\"") == page.count(of: "<img "))
      #expect(page.count(of: "src=\"data:image/png;base64,") == page.count(of: "<img "))
      #expect(page.count(of: "http") == page.count(of: "http-equiv"))
      #expect(!page.contains("<b> &") && page.contains("a &lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;"))
      for part in ["Coarse metric", "Least determinant", "96 × 96 × 96", "µm", "peak memory"] {
        #expect(page.contains(part), "\(part)")
      }
      let facts = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: written.facts))) as? [String: Any])
      let verdicts = try #require(facts["verdicts"] as? [String: Int])
      #expect((facts["blocks"] as? [Any])?.count == 8 && verdicts.values.reduce(0, +) == 8 && verdicts["registered"] == nil)
      #expect((facts["pictures"] as? [Any])?.count == 5 && (facts["omissions"] as? [Any])?.isEmpty == true)
      let map = try #require(facts["map"] as? [String: Double])
      #expect(map["longestDisplacement"]! > 1 && map["leastDeterminant"]! > 0.2 && map["greatestDeterminant"]! < 3)
      // Planes show a part of what was measured at every voxel, in the same way.
      let recorded = try #require((facts["run"] as? [String: Any])?["map"] as? [String: Double])
      #expect(map["leastDeterminant"]! > recorded["minimumJacobian"]! - 0.002)
      try expectThatABrowserShows(page, images: page.count(of: "<img "))
    }
  }

  @Test func verdictsAndReasonsOfTheTableAreShown() async throws {
    try await PhantomRun.with([80, 80], block: [40, 40]) { run in
      // As older versions wrote it.
      try run.change("blocks.csv") { text in
        let rows = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let count = rows[0].firstIndex(of: "verdict")!
        return rows.map { $0.prefix(count).joined(separator: ",") + "\n" }.joined()
      }
      #expect(try !RegistrationReport(folder: run.out).write().page.isEmpty && run.page.contains("This run judged no block"))
      try run.change("blocks.csv") { text in
        let verdicts = ["verdict,reason", "good,", "folded,\"1 % folds, <look>\"", "good,", "weak,little to go by"]
        return zip(text.split(separator: "\n"), verdicts).map { "\($0),\($1)\n" }.joined()
      }
      let written = try RegistrationReport(folder: run.out).write()
      let page = try run.page
      #expect(page.contains("1 block folded (1): the map folds") && page.contains("1 block weak (3)") && page.contains("2 of 4"))
      #expect(page.contains("1 % folds, &lt;look&gt;") && !page.contains("<look>") && !page.contains("This run judged no block"))
      let first = try #require(page.range(of: "Block 1 <span class=\"verdict flagged\">folded"))
      let second = try #require(page.range(of: "Block 3 <span class=\"verdict flagged\">weak"))
      #expect(first.lowerBound < second.lowerBound)
      let facts = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: written.facts))) as? [String: Any])
      #expect(facts["verdicts"] as? [String: Int] == ["good": 2, "folded": 1, "weak": 1] && facts["isJudged"] as? Bool == true)
    }
  }

  @Test func aFlatPairHasOnePlane() async throws {
    try await PhantomRun.with([160, 200], block: [80, 100]) { run in
      #expect(try RegistrationReport(folder: run.out).write().omissions == [])
      let page = try run.page
      #expect(page.count(of: "<img ") == 3 * 2 + 4 * 2 * 2 + 2)
      #expect(!page.contains("z–x") && page.contains("y–x"))
    }
  }

  @Test func whatIsGoneIsNamedAndLeftOut() async throws {
    try await PhantomRun.with([48, 48, 48], block: [48, 48, 48]) { run in
      try run.remove("moving.ome.zarr")
      let withoutMoving = try RegistrationReport(folder: run.out).write()
      #expect(withoutMoving.omissions.count == 1 && withoutMoving.omissions[0].contains("moving.ome.zarr"))
      var page = try run.page
      #expect(page.contains("Left out of this report") && page.count(of: "<img ") == 3 * 2 + 3 * 2 + 2 * 3)

      try run.remove("fixed.ome.zarr")
      #expect(try RegistrationReport(folder: run.out).write().omissions.contains { $0.contains("fixed.ome.zarr") })
      page = try run.page
      #expect(page.count(of: "<img ") == 2 * 3)

      try FileManager.default.removeItem(atPath: run.out + "/transforms")
      try FileManager.default.removeItem(atPath: run.out + "/timings.csv")
      let bare = try RegistrationReport(folder: run.out).write()
      #expect(bare.omissions.contains { $0.contains("transforms") } && bare.omissions.contains { $0.contains("timings.csv") })
      page = try run.page
      #expect(page.count(of: "<img ") == 0 && page.contains("Coarse metric"))
      try expectThatABrowserShows(page, images: 0)
    }
  }

  @Test func whatIsWrongIsOneErrorWithAHint() async throws {
    try await PhantomRun.with([48, 48, 48], block: [48, 48, 48]) { run in
      func refused(_ folder: String, _ part: String) {
        let said = run.message { _ = try RegistrationReport(folder: folder) }
        #expect(said.contains(part) && !said.hasSuffix(" | "), "\(said)")
      }
      refused(run.out + "/nowhere", "does not exist")
      refused(run.out + "/run.json", "is a file")
      refused(run.pair.path, "holds no run.json")
      let report = try RegistrationReport(folder: run.out)
      for (output, part) in [
        ("/nowhere/page.html", "cannot be written"), (run.out + "/page.txt", ".html"), ("s3://a/b.html", "on the web"),
      ] {
        let said = run.message { try report.write(to: output) }
        #expect(said.contains(part) && !said.hasSuffix(" | "), "\(said)")
      }
      try run.change("timings.csv") { $0.replacingOccurrences(of: "coarse,", with: "coarse,long") }
      refused(run.out, "timings.csv line 3")
      try run.change("timings.csv") { $0.replacingOccurrences(of: "coarse,long", with: "coarse,") }
      try run.change("blocks.csv") { String($0.dropLast(20)) }
      refused(run.out, "blocks.csv line 2")
      try run.change("run.json") { $0.replacingOccurrences(of: "\"register\"", with: "\"segment\"") }
      refused(run.out, "weft segment")
      try run.change("run.json") { String($0.dropLast(20)) }
      refused(run.out, "run.json is not valid JSON")
    }
  }
}
