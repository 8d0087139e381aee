// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Segmentation
import TestSupport
import Testing
import Volumes

struct NarrowHaloTests {
  /// The objects of an image in tiles with a halo, as labels.
  private func labels(_ options: SegmentationOptions, of name: String, in folder: URL) async throws -> VoxelBuffer<UInt64> {
    let path = folder.appendingPathComponent("\(UUID().uuidString).ome.zarr").path
    let stored = try StoredImage.open(sharedData!.appendingPathComponent("nuclei/\(name).tif").path)
    _ = try await ChunkedSegmentation(stored, options: options).run(into: LabelTarget(path))
    return try readAll(path, as: UInt64.self)
  }

  /// Halos are those of one diameter, in 3D of the longest axis; two diameters are exact.
  @Test(
    .enabled(if: sharedData != nil, "the folder of real volumes is missing"),
    arguments: [
      ("img2d", "23.67", [80, 96, 104, 112, 120, 128, 144, 160, 192].map { [$0] }, 24),
      ("img3d", "7,15,14", [[16, 32, 32], [20, 40, 40], [24, 48, 48]], 15),
    ] as [(String, String, [[Int]], Int)])
  func aHaloOfOneDiameterIsAlmostOnePiece(name: String, diameter: String, tiles: [[Int]], halo: Int) async throws {
    try await withTemporaryFolder { folder in
      var options = SegmentationOptions()
      options.diameter = ObjectDiameter(diameter)
      options.threads = 2
      options.tileShape = [4096]
      let whole = try await labels(options, of: name, in: folder)
      for tile in tiles {
        options.tileShape = tile
        options.overlap = .voxels(halo)
        let score = DetectionScore(of: try await labels(options, of: name, in: folder), truth: whole, threshold: 0.9)
        print("\(name) in tiles of \(tile), halo \(halo): \(score.averagePrecision)")
        #expect(score.averagePrecision >= 0.98, "tiles of \(tile): \(score)")
        // By itself the halo is of two diameters.
        options.overlap = nil
        #expect(isSamePartition(try await labels(options, of: name, in: folder), whole), "tiles of \(tile)")
      }
    }
  }
}
