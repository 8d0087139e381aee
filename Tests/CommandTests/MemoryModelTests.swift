// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// The plan's estimate of memory, and `--memory`, against the peak that a run measures: never above the plan, at most a quarter below it.
@Suite(.serialized) struct MemoryModelTests {
  private struct Planned: Decodable {
    var expectedMemory: Int
    var blocks: Int
    var blocksAtOnce: Int
  }

  private struct Measured: Decodable { var peakMemory: Int }

  private func planned(_ pair: [String], _ options: [String]) throws -> Planned {
    let run = try weft(["plan", "register", "--json"] + pair + options)
    try #require(run.status == 0, "\(run.errors)")
    return try JSONDecoder().decode(Planned.self, from: Data(run.output.utf8))
  }

  private func expectWithin(_ pair: [String], _ options: [String], out: String) throws {
    let expected = try planned(pair, options).expectedMemory
    let run = try weft(["register", "-q", "--json", "-o", out] + pair + options)
    try #require(run.status == 0, "\(run.errors)")
    let peak = try JSONDecoder().decode(Measured.self, from: Data(run.output.utf8)).peakMemory
    let ratio = Double(peak) / Double(expected)
    #expect(peak <= expected && ratio >= 0.75, "\(options): \(peak >> 20) of \(expected >> 20) MB, \(ratio)")
    try FileManager.default.removeItem(atPath: out)
  }

  @Test func peaksStayBelowThePlanAndNearIt() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "128", "--seed", "2", "-q"]).status == 0)
      let pair = [folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr"]
      var settings = [
        [], ["--chunk-size", "64", "--threads", "2"], ["--threads", "1"], ["--stages", "affine,warp", "--downsample", "1"],
        ["--chunk-size", "64", "--threads", "2", "--levels", "2,1"],
      ]
      if isFullRun {
        settings += [["--metric", "mi"], ["--stages", "affine,warp", "--downsample", "1", "--engine", "itk"]]
      }
      for options in settings { try expectWithin(pair, ["--accuracy", "draft"] + options, out: folder + "/out") }
    }
  }

  @Test func applyKeepsItsMemory() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "192", "--seed", "3", "-q"]).status == 0)
      let pair = [folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr"]
      try #require(weft(["register", "-q", "-o", folder + "/out", "--accuracy", "draft"] + pair).status == 0)
      let finer = ["--spacing", "0.7,0.7,0.7", "--extent", "union", "--fill", "1"]
      let settings: [(Int, String, [String])] = [
        (120, "fixed", []), (120, "moving", []), (250, "fixed", []), (250, "moving", []), (130, "fixed", finer), (130, "moving", finer),
        (250, "fixed", finer), (250, "fixed", ["--interpolation", "label-vote"]), (250, "fixed", ["--spacing", "9,9,9"]),
        (250, "moving", ["--spacing", "9,9,9"]), (120, "fixed", ["--extent", "union"]), (120, "moving", ["--extent", "union"]),
        (150, "fixed", ["--spacing", "3,3,3", "--extent", "union"]),
      ]
      for (number, (megabytes, target, more)) in settings.enumerated() {
        let out = folder + "/\(number)-\(target).tif"
        let words =
          ["apply", "-q", "--json", "-t", folder + "/out", "-i", target == "fixed" ? pair[1] : pair[0], "--to", target, "-o", out] + more
        let run = try weft(words + ["--memory", "\(megabytes)MB", "--threads", "4"])
        try #require(run.status == 0, "\(run.errors)")
        let peak = try JSONDecoder().decode(Measured.self, from: Data(run.output.utf8)).peakMemory
        #expect(peak <= megabytes * 1_000_000, "to \(target): \(peak / 1_000_000) of \(megabytes) MB")
      }
      let text = try weft(["apply", "-q", "-t", folder + "/out", "-i", pair[1], "-o", folder + "/again.tif"])
      #expect(text.status == 0 && text.output.contains("peak memory"), "\(text.output)")
    }
  }

  @Test func segmentKeepsItsMemory() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "224", "--seed", "3", "-q"]).status == 0)
      for (megabytes, method) in [(150, ["--method", "threshold"]), (300, ["--method", "threshold"]), (300, ["--diameter", "8"])] {
        let out = folder + "/\(megabytes)-\(method.count).ome.zarr"
        let run = try weft(
          [
            "segment", folder + "/pair/fixed.ome.zarr", "-q", "--json", "-o", out, "--memory", "\(megabytes)MB", "--threads", "8",
            "--overwrite",
          ]
            + method)
        try #require(run.status == 0, "\(run.errors)")
        let peak = try JSONDecoder().decode(Measured.self, from: Data(run.output.utf8)).peakMemory
        #expect(peak <= megabytes * 1_000_000, "\(method): \(peak / 1_000_000) of \(megabytes) MB")
      }
    }
  }

  @Test func aCompressedFileBeyondTheMemoryIsUnpacked() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "224", "--seed", "3", "-q"]).status == 0)
      let packed = folder + "/image.nii.gz"
      try #require(weft(["convert", folder + "/pair/fixed.ome.zarr", packed, "-q"]).status == 0)
      try #require(weft(["convert", packed, folder + "/held.ome.zarr", "-q"]).status == 0)
      // The image is 22 MB.
      let little = ["--memory", "130MB", "--threads", "2", "-q", "--json"]
      let run = try weft(["convert", packed, folder + "/unpacked.ome.zarr"] + little)
      try #require(run.status == 0, "\(run.errors)")
      let peak = try JSONDecoder().decode(Measured.self, from: Data(run.output.utf8)).peakMemory
      #expect(peak <= 130_000_000, "\(peak / 1_000_000) MB")
      let (held, unpacked) = (try resultFiles(folder + "/held.ome.zarr"), try resultFiles(folder + "/unpacked.ome.zarr"))
      #expect(held == unpacked && held.count > 5)

      // What an unpacked run began a run that holds the image ends, and the other way round.
      let much = ["--memory", "4GB", "--threads", "2", "-q"]
      for (number, (first, second)) in [(little, much), (much, little)].enumerated() {
        let place = folder + "/\(number).ome.zarr"
        try weft(["convert", packed, place] + first, endedOnce: folder + "/.\(number).ome.zarr.weft/copy/ledger")
        let end = try weft(["convert", packed, place] + second)
        #expect(end.status == 0, "\(end.errors)")
        #expect(try resultFiles(place) == held)
      }

      let nowhere = try weft(
        ["convert", packed, folder + "/nowhere.ome.zarr"] + little, environment: ["TMPDIR": folder + "/nothing"])
      #expect(nowhere.status == 1 && nowhere.errors.contains(packed) && nowhere.errors.contains("TMPDIR"), "\(nowhere.errors)")
      let bytes = try Data(contentsOf: URL(fileURLWithPath: packed))
      try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: packed))
      let cut = try weft(["convert", packed, folder + "/cut.ome.zarr"] + little)
      #expect(cut.status == 1 && cut.errors.contains("\(packed) cannot be decompressed to its end"), "\(cut.errors)")
    }
  }

  /// Less memory means fewer and smaller things at once, never another result.
  @Test func budgetsAndThreadsThatForceOtherConcurrencyGiveTheSameBytes() throws {
    try withTemporaryFolder { url in
      let folder = url.path
      try #require(weft(["phantom", folder + "/pair", "--shape", "128", "--seed", "4", "-q"]).status == 0)
      let pair = [folder + "/pair/fixed.ome.zarr", folder + "/pair/moving.ome.zarr"]
      let settings = [
        ["--memory", "2GB", "--threads", "4"], ["--memory", "126MB", "--threads", "4"], ["--memory", "111MB", "--threads", "2"],
      ]
      let common = ["--chunk-size", "64", "--accuracy", "draft"]
      #expect(try Set(settings.map { try planned(pair, common + $0).blocksAtOnce }).count == 3)
      var first: [String: Data]?
      for (index, setting) in settings.enumerated() {
        let out = folder + "/out\(index)"
        let run = try weft(["register", "-q", "-o", out] + pair + common + setting)
        try #require(run.status == 0, "\(run.errors)")
        var found = try resultFiles(out)
        var record = try #require(JSONSerialization.jsonObject(with: found["run.json"]!) as? [String: Any])
        #expect(record.removeValue(forKey: "memoryBytes") != nil)
        found["run.json"] = try JSONSerialization.data(withJSONObject: record, options: .sortedKeys)
        // The plan tells of the budget, too.
        #expect(found.removeValue(forKey: "blocks/plan.json") != nil)
        #expect(found.count > 5 && (first ?? found).keys == found.keys)
        for (name, bytes) in first ?? [:] { #expect(found[name] == bytes, "\(setting): \(name)") }
        first = first ?? found
      }
    }
  }
}
