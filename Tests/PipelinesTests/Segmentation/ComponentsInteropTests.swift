// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Volumes

/// Components of tiled images beside `scipy.ndimage.label` of the whole arrays.
struct ComponentsInteropTests {
  @Test(.enabled(if: python != nil)) func tiledComponentsAreThoseOfScipy() async throws {
    try await withTemporaryFolder { folder in
      let written = try runInteropScript("components.py", ["write", folder.path])
      try #require(written.status == 0, "\(written.output)")
      var random = SeededGenerator(seed: 42)
      for (axes, threshold) in [("yx", 400.0), ("zyx", 650), ("cyx", 800)] {
        let stored = try StoredImage.open(folder.appendingPathComponent("\(axes).zarr").path, axes: axes)
        let spatial = Array(stored.levels[0].source.extent.lengths.suffix(axes == "zyx" ? 3 : 2))
        for tiling in 0..<10 {
          var tile = spatial.map { Int.random(in: max(2, $0 / 9)...$0, using: &random) }
          if tiling % 4 == 1 { tile[tiling % spatial.count] = 1 }
          var options = SegmentationRunTests.options(threshold, tile: tile)
          if axes == "cyx" { options.channels = [0, 1] }
          if tiling % 3 == 2 { options.overlap = .voxels(tiling) }
          let labels = folder.appendingPathComponent("labels-\(axes)-\(tiling).ome.zarr").path
          _ = try await ChunkedSegmentation(stored, options: options).run(into: LabelTarget(labels))
        }
      }
      let checked = try runInteropScript("components.py", ["check", folder.path])
      #expect(checked.status == 0, "\(checked.output)")
      print(checked.output)
    }
  }

  /// More tiles than fit where the tile and five digits of a label make one 32-bit number.
  @Test(.enabled(if: python != nil && isFullRun))
  func fortyFourThousandTilesAreMerged() async throws {
    try await withTemporaryFolder { folder in
      let written = try runInteropScript("components.py", ["write-grid", folder.path])
      try #require(written.status == 0, "\(written.output)")
      let stored = try StoredImage.open(folder.appendingPathComponent("grid.zarr").path, axes: "yx")
      let labels = folder.appendingPathComponent("labels-grid-2.ome.zarr").path
      let clock = ContinuousClock()
      let began = clock.now
      _ = try await ChunkedSegmentation(stored, options: SegmentationRunTests.options(600, tile: [2])).run(into: LabelTarget(labels))
      print("44,000 tiles: \(clock.now - began)")
      let checked = try runInteropScript("components.py", ["check-grid", folder.path])
      #expect(checked.status == 0, "\(checked.output)")
      print(checked.output)
    }
  }
}
