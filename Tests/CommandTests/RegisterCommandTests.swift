// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

/// The whole way, on a small phantom: make, plan, register, measure, apply.
struct RegisterCommandTests {
  private struct Errors: Decodable {
    struct Pair: Decodable {
      let before: Spread
      let after: Spread
    }
    struct Spread: Decodable { let mean: Double }
    struct Points: Decodable { let foreground: Pair }
    let endPointErrors: Points
    let landmarkErrors: Pair
  }

  private struct Overlap: Decodable {
    struct Means: Decodable { let meanDice: Double }
    let overlap: Means
  }

  @Test func aPhantomIsRegisteredAndMeasured() async throws {
    try await withTemporaryFolder { folder in
      let (pair, out) = (folder.appendingPathComponent("pair").path, folder.appendingPathComponent("out").path)
      #expect(await Transcript(["phantom", pair, "--shape", "80", "--labels", "--quiet"]).status == .done)
      let images = [pair + "/fixed.ome.zarr", pair + "/moving.ome.zarr"]

      let plan = await Transcript(["register"] + images + ["--dry-run", "--chunk-size", "48"])
      #expect(plan.status == .done && plan.output.contains("8 (2×2×2) of 48×48×48 voxels"))
      #expect(plan.output == (await Transcript(["plan", "register"] + images + ["--chunk-size", "48"])).output)
      #expect(!FileManager.default.fileExists(atPath: out))

      let registered = await Transcript(["register"] + images + ["--output", out, "--chunk-size", "48", "--overlap", "0.25"])
      #expect(registered.status == .done, "\(registered.errors)")
      for name in [
        "registered.ome.zarr", "transforms/affine.mat", "transforms/field.ome.zarr", "blocks.csv", "timings.csv", "run.json",
        "report.html", "report.json",
      ] {
        #expect(FileManager.default.fileExists(atPath: out + "/" + name), "\(name)")
      }
      #expect(!FileManager.default.fileExists(atPath: out + "/.weft"))
      #expect(registered.output.contains("metric         lncc (chosen: intensities follow each other)"), "\(registered.output)")
      let record = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: out + "/run.json"))) as? [String: Any])
      #expect(record["metric"] as? String == "lncc" && record["metricReason"] as? String == "chosen: intensities follow each other")

      let measured = await Transcript([
        "evaluate", "--truth", pair, "--landmarks", pair + "/landmarks.csv", "--transforms", out, "--json",
      ])
      let errors = try JSONDecoder().decode(Errors.self, from: Data(measured.output.utf8))
      #expect(errors.endPointErrors.foreground.before.mean > 1.5)
      #expect(errors.endPointErrors.foreground.after.mean < 0.6)
      #expect(errors.landmarkErrors.after.mean < 0.3 * errors.landmarkErrors.before.mean)

      let labels = folder.appendingPathComponent("labels.ome.zarr").path
      let applied = await Transcript(["apply", "-t", out, "-i", pair + "/moving_labels.ome.zarr", "-o", labels, "--labels"])
      #expect(applied.status == .done, "\(applied.errors)")
      func dice(_ file: String) async throws -> Double {
        let overlap = await Transcript(["evaluate", "--labels", pair + "/fixed_labels.ome.zarr", file, "--json"])
        return try JSONDecoder().decode(Overlap.self, from: Data(overlap.output.utf8)).overlap.meanDice
      }
      let (before, after) = (try await dice(pair + "/moving_labels.ome.zarr"), try await dice(labels))
      #expect(after > 0.75 && before < 0.6)

      let again = await Transcript(["register"] + images + ["--output", out])
      #expect(again.status == .failed && again.errors.contains("--overwrite"))
    }
  }
}
