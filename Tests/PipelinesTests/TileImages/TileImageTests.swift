// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Volumes

struct TileImageTests {
  /// What a program makes of an image of noise.
  private func made(
    _ extent: Extent, in folder: URL, tile: [Int], overlap: Overlap, _ body: String, change: (inout TileImageOptions) -> Void = { _ in }
  ) async throws -> (image: VoxelBuffer<UInt16>, result: VoxelBuffer<Float>) {
    let voxels = SegmentationRunTests.noise(extent, seed: 4)
    var options = TileImageOptions()
    options.program.command = try WorkerScript(folder, body: body).command
    options.tileShape = tile
    options.overlap = overlap
    options.threads = 2
    change(&options)
    let path = folder.appendingPathComponent("made-\(UUID().uuidString).ome.zarr").path
    try await TileImages(image(voxels), options: options).run(output: path)
    return (voxels, try readAll(path, as: Float.self))
  }

  private static let identity = "answer(request, tile(request), 'float32')"

  @Test(arguments: [([61, 83], [16, 31]), ([11, 29, 31], [5, 16, 31])])
  func whatIsLeftAsItIsStaysAsItIs(lengths: [Int], tile: [Int]) async throws {
    try await withTemporaryFolder { folder in
      let made = try await made(Extent(lengths), in: folder, tile: tile, overlap: .voxels(4), Self.identity)
      #expect(made.result.extent == Extent(lengths))
      for (found, wanted) in zip(made.result.elements, made.image.elements) { #expect(abs(found - Float(wanted)) < 1e-3) }
    }
  }

  /// Tiles that differ by a step pass into each other: no jump at a face is larger than the taper's.
  @Test func tilesPassIntoEachOther() async throws {
    try await withTemporaryFolder { folder in
      // Each tile is as bright as its first column is far to the right.
      let body = "answer(request, [float(request['offset'][1])] * voxels(request), 'float32')"
      let made = try await made([20, 96], in: folder, tile: [20, 24], overlap: .voxels(12), body)
      let row = Array(made.result.elements[..<96])
      let steps = zip(row, row.dropFirst()).map { $1 - $0 }
      #expect(steps.allSatisfy { $0 >= -1e-4 })
      #expect((steps.max() ?? 99) < 6, "\(steps.max() ?? 99)")
      #expect(row.first == 0 && row.last == 60)
    }
  }

  @Test func severalChannelsAndOtherFormatsAreWritten() async throws {
    try await withTemporaryFolder { folder in
      let body = """
        values = tile(request)
        answer(request, array.array("f", list(values) + [2 * value for value in values]), 'float32', [2] + request["shape"][1:])
        """
      let made = try await made([30, 40], in: folder, tile: [16, 16], overlap: .voxels(3), body) { $0.voxelType = .uint16 }
      #expect(made.result.extent == [2, 30, 40])
      #expect(zip(made.result.elements[1200...], made.image.elements).allSatisfy { abs($0 - 2 * Float($1)) <= 1 })
    }
  }

  @Test func aProgramThatFailsIsNamedAndNothingAppears() async throws {
    try await withTemporaryFolder { folder in
      let error = await #expect(throws: WorkerError.self) {
        try await made([30, 40], in: folder, tile: [16, 16], overlap: .voxels(3), "answer(request, [1] * 7, 'float32', [7])")
      }
      #expect(error?.message.contains("16") == true || error?.message.contains("19") == true, "\(error?.message ?? "")")
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.allSatisfy { !$0.hasSuffix(".ome.zarr") }, "\(left)")
    }
  }
}
