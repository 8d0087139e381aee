// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// `weft refine` as it is typed, stopped and gone on with.
struct RefineCommandTests {
  /// A registration in `out`, in a folder of its own.
  private func withResult(shape: String = "96", _ body: (_ folder: String, _ out: String) throws -> Void) throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", shape, "--seed", "3", "-q"]).status == 0)
      let registered = try weft([
        "register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "-o", folder + "/out", "--chunk-size", "24",
        "--accuracy", "draft", "--thresholds", "residual=0.2", "-q",
      ])
      try #require(registered.status == 0, "\(registered.errors)")
      // Who has flagged blocks is told what to do.
      #expect(registered.output.contains("`weft refine \(folder)/out --blocks flagged`"), "\(registered.output)")
      try body(folder, folder + "/out")
    }
  }

  @Test func aRefinementThatIsKilledGoesOnAndEndsTheSame() throws {
    try withResult { folder, out in
      let undisturbed = folder + "/undisturbed"
      try FileManager.default.copyItem(atPath: out, toPath: undisturbed)
      let settings = ["--blocks", "20-23,41", "--smoothing", "2", "-q"]
      try #require(weft(["refine", undisturbed] + settings).status == 0)
      let before = try resultFiles(out)
      for (stage, way) in [("refine", "the same command"), ("quality", "resume"), ("resample", "the same command")] {
        _ = try weft(
          way == "resume" ? ["resume", out, "-q"] : ["refine", out] + settings, endedOnce: out + "/.weft/\(stage)/ledger")
        // What there was stays until all is done.
        guard FileManager.default.fileExists(atPath: out + "/.weft/plan.json") else { break }
        #expect(try resultFiles(out) == before, "\(stage)")
      }
      let status = try weft(["status", out])
      let rows = status.output.split(separator: "\n").map { $0.split(separator: " ").prefix(3).joined(separator: " ") }
      #expect(rows.contains("refine 5 5") || status.output.contains("is finished"), "\(status.output)")
      if FileManager.default.fileExists(atPath: out + "/.weft") {
        let other = try weft(["register", folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr", "-o", out])
        #expect(other.status == 1, "\(other.errors)")
        let ended = try weft(["resume", out])
        try #require(ended.status == 0, "\(ended.errors)")
      }
      let (expected, found) = try (resultFiles(undisturbed), resultFiles(out))
      #expect(expected.keys == found.keys && expected != before)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
      #expect(!FileManager.default.fileExists(atPath: out + "/.weft"))
      #expect(FileManager.default.fileExists(atPath: out + "/report.html"))
    }
  }

  /// Its process may end between two renames.
  @Test(arguments: [["refine", "--blocks", "20-22", "--smoothing", "2"], ["resume"], ["refine", "--blocks", "5"]])
  func resultsThatWereJustGettingTheirNamesGetThem(words: [String]) throws {
    try withResult { folder, out in
      let files = FileManager.default
      let whole = folder + "/whole"
      try files.copyItem(atPath: out, toPath: whole)
      let refine = ["--blocks", "20-22", "--smoothing", "2", "-q"]
      try #require(weft(["refine", whole] + refine).status == 0)
      try #require(weft(["refine", out] + refine + ["--keep-work"]).status == 0)
      for name in ["blocks", "run.json"] { try files.moveItem(atPath: "\(out)/\(name)", toPath: "\(out)/.weft/finish/\(name)") }
      try files.moveItem(atPath: out + "/.weft/published.json", toPath: out + "/.weft/publication.json")
      let again = try weft([words[0], out, "-q"] + words.dropFirst())
      #expect(again.status == 0, "\(again.errors)")
      if words.contains("5") {
        #expect(try String(contentsOfFile: out + "/run.json", encoding: .utf8).split(separator: "\"blocks\" : [").count > 2)
        try #require(weft(["refine", whole, "--blocks", "5", "-q"]).status == 0)
      }
      let (expected, found) = try (resultFiles(whole), resultFiles(out))
      #expect(expected.keys == found.keys)
      for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
    }
  }

  @Test func whatIsPrintedTellsOfTheBlocks() throws {
    try withResult { _, out in
      let refined = try weft(["refine", out, "--blocks", "20", "--json", "--metric", "mi"])
      #expect(refined.status == 0 && refined.output.contains("\"refined\" : [\n    20\n  ]"), "\(refined.output)\(refined.errors)")
      let strict = ["refine", out, "--blocks", "21", "--strict", "-q"]
      #expect(try weft(strict).status == 3)
      // Gone on with, it is as strict as it was begun.
      try weft(strict, endedOnce: out + "/.weft/refine/ledger")
      try #require(FileManager.default.fileExists(atPath: out + "/.weft/plan.json"), "it ended before it was killed")
      #expect(try weft(["resume", out, "-q"]).status == 3)
      let wrong = try weft(["refine", out, "--blocks", "64"])
      #expect(wrong.status == 1 && wrong.errors.contains("names block 64") && wrong.errors.contains("hint: "), "\(wrong.errors)")
      for words in [
        ["refine", out], ["refine", out, "--blocks", "all"], ["refine", out, "--blocks", "1", "--smoothing", "0"],
        ["refine", out, "--blocks", "1", "--smoothing", "101"],
      ] {
        let usage = try weft(words)
        #expect(usage.status == 2 && usage.output.isEmpty, "\(words): \(usage.errors)")
      }
    }
  }

  /// What a refinement does not act on is a copy in its work folder, which no task makes again.
  @Test func aDamagedCopyOfWhatIsKeptIsNotPublished() throws {
    // So long that its ends are written by tasks of their own.
    try withResult(shape: "32,48,400") { _, out in
      let before = try resultFiles(out)
      let refine = ["refine", out, "--blocks", "0", "-q"]
      let field = out + "/.weft/blend/field.ome.zarr"
      func chunks() throws -> [String] {
        try resultFiles(field).keys.filter { $0.hasPrefix("0/c/") }.sorted().map { field + "/" + $0 }
      }
      for isGone in [false, true] {
        try weft(refine, endedOnce: out + "/.weft/refine/ledger")
        try #require(FileManager.default.fileExists(atPath: out + "/.weft/plan.json"), "it ended before it was killed")
        let chunk = try #require(chunks().last)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: chunk))
        bytes[bytes.count / 2] ^= 1
        // The file itself is that of the result, too.
        try FileManager.default.removeItem(atPath: chunk)
        if !isGone { try bytes.write(to: URL(fileURLWithPath: chunk)) }
        let damaged = try weft(["resume", out, "-q"])
        #expect(damaged.status == 1 && damaged.errors.contains("\(field) is not whole"), "\(damaged.errors)")
        #expect(damaged.errors.contains("weft cancel \(out) --clean"), "\(damaged.errors)")
        #expect(try resultFiles(out) == before)
        try #require(weft(["cancel", out, "--clean"]).status == 0)
      }
      #expect(try weft(refine).status == 0)
    }
  }

  /// Some results have their final names, and some are those before.
  @Test func resultsThatAreStillGettingTheirNamesAreNotUsed() throws {
    try withResult { folder, out in
      let work = out + "/.weft"
      try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
      try #"{"key":"","moves":[],"removed":[]}"#.write(toFile: work + "/publication.json", atomically: true, encoding: .utf8)
      for words in [["apply", "-t", out, "-i", folder + "/pair/moving.ome.zarr", "-o", folder + "/applied.ome.zarr"], ["report", out]] {
        let refused = try weft(words)
        #expect(refused.status == 1 && refused.errors.contains("results in \(out) are still being given their names"), "\(refused.errors)")
        #expect(refused.errors.contains("weft resume \(out)"))
      }
    }
  }

  @Test func aRefinementIsDroppedAndTheResultStays() throws {
    try withResult { _, out in
      let before = try resultFiles(out)
      _ = try weft(["refine", out, "--blocks", "20-40", "-q"], endedOnce: out + "/.weft/refine/ledger")
      try #require(FileManager.default.fileExists(atPath: out + "/.weft/plan.json"))
      // Its work is not lost for another refinement in its place.
      let refused = try weft(["refine", out, "--blocks", "20-41", "-q"])
      #expect(refused.status == 1 && refused.errors.contains("(--blocks 20-40) was interrupted"), "\(refused.errors)")
      #expect(refused.errors.contains("weft resume \(out)") && refused.errors.contains("weft cancel \(out) --clean"))
      let dropped = try weft(["cancel", out, "--clean"])
      #expect(dropped.status == 0 && dropped.output.contains("removed"), "\(dropped.errors)")
      #expect(try resultFiles(out) == before)
    }
  }
}
