// SPDX-License-Identifier: Apache-2.0

import Grids
import Segmentation
import TestSupport
import Testing
import Volumes

struct MarginTests {
  /// Tiles that read no further than a halo of one diameter see objects on the core's border without what is around them.
  @Test(.enabled(if: sharedData != nil, "the folder of real volumes is missing"))
  func aMarginMakesANarrowHaloDo() throws {
    let sample = try SampleNuclei.shared("2d")
    let segmenter = WatershedSegmenter(diameter: [23.67, 23.67])
    let (context, extent) = (sample.context, sample.image.extent)
    let whole = try sample.segmented(segmenter)
    func score(tile: Int, margin: [Int]) throws -> Double {
      let grid = BlockGrid(extent: extent, core: [tile, tile], halo: [24, 24])
      let tiles = try grid.map { block in
        let box = block.extended.expanded(by: margin).intersection(extent.box)
        return try segmenter.segment(sample.tile(box, core: block.core), context).cropped(to: block.extended.relative(to: box.lower))
      }
      let tiled = try merged(grid, rule: .hybrid) { tiles[$0.number] }
      return DetectionScore(of: tiled.labels, truth: whole, threshold: 0.9).averagePrecision
    }
    for tile in [80, 96, 104, 112, 120, 128, 144, 160, 192] {
      let (without, with) = try (score(tile: tile, margin: [0, 0]), score(tile: tile, margin: segmenter.requirements.margin))
      print("tiles of \(tile): \(without) without a margin, \(with) with it")
      #expect(with >= max(without, 0.98))
    }
    #expect(try score(tile: 120, margin: [0, 0]) < 0.96)
  }
}
