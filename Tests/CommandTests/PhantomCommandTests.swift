// SPDX-License-Identifier: Apache-2.0

import Commands
import Foundation
import TestSupport
import Testing

struct PhantomCommandTests {
  @Test func aPhantomIsMadeAndDescribed() async throws {
    try await withTemporaryFolder { folder in
      let pair = folder.appendingPathComponent("pair").path
      let made = await Transcript(["phantom", pair, "--shape", "24,32,40", "--spacing", "2,1,1", "--labels", "--json"])
      #expect(made.status == .done)
      #expect(made.output.contains("\"shape\""))
      // Progress is one JSON object a line.
      for line in made.errors.split(separator: "\n") {
        let event = try JSONSerialization.jsonObject(with: Data(line.utf8))
        #expect(event is [String: Any])
      }
      let info = await Transcript(["info", pair + "/fixed.ome.zarr"])
      #expect(info.status == .done)
      #expect(info.output.contains("24×32×40") && info.output.contains("2 1 1") && info.output.contains("micrometer"))
      let again = await Transcript(["phantom", pair, "--shape", "24,32,40"])
      #expect(again.status == .failed && again.errors.contains("exists") && again.errors.contains("--overwrite"))
    }
  }

  @Test func labelsOverlapWithThemselvesFully() async throws {
    try await withTemporaryFolder { folder in
      let pair = folder.appendingPathComponent("pair").path
      #expect(await Transcript(["phantom", pair, "--shape", "32", "--labels", "--quiet"]).status == .done)
      let labels = pair + "/fixed_labels.ome.zarr"
      let same = await Transcript(["evaluate", "--labels", labels, labels])
      #expect(same.status == .done)
      #expect(same.output.contains("1.0000"))
      #expect(!same.output.contains("0."))
    }
  }

  @Test func aPhantomIsNotWrittenIntoAnImage() async throws {
    try await withTemporaryFolder { folder in
      let pair = folder.appendingPathComponent("pair").path
      #expect(await Transcript(["phantom", pair, "--shape", "16,16", "--quiet"]).status == .done)
      let image = pair + "/fixed.ome.zarr"
      let before = try FileManager.default.subpathsOfDirectory(atPath: image).sorted()
      let inside = await Transcript(["phantom", image, "--shape", "16,16", "--overwrite"])
      #expect(inside.status == .failed)
      #expect(inside.errors.contains("fixed.ome.zarr is an image itself") && inside.errors.contains("hint: choose another folder"))
      #expect(try FileManager.default.subpathsOfDirectory(atPath: image).sorted() == before)
    }
  }

  @Test func aFlatPhantomHasTwoAxes() async throws {
    try await withTemporaryFolder { folder in
      let pair = folder.appendingPathComponent("pair").path
      #expect(await Transcript(["phantom", pair, "--shape", "64,80", "--dtype", "uint8", "--quiet"]).status == .done)
      let info = await Transcript(["info", pair + "/moving.ome.zarr"])
      #expect(info.output.contains("64×80") && info.output.contains("uint8"))
    }
  }
}
