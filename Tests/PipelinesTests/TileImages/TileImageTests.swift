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
      #expect(error?.message.contains("an image of 7 voxels (1D) for a tile of") == true, "\(error?.message ?? "")")
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.allSatisfy { !$0.hasSuffix(".ome.zarr") }, "\(left)")
    }
  }

  /// A program that is mended does the tiles again that it did before, under the same command.
  @Test func aProgramThatMakesAnotherNumberOfChannelsIsRefusedAtOnceAndMayBeMended() async throws {
    try await withTemporaryFolder { folder in
      let body = """
        n = 2 if request["offset"][0] > 0 else 1
        answer(request, array.array("f", list(tile(request)) * n), 'float32', [n] + request["shape"][1:])
        """
      let script = try WorkerScript(folder, body: body)
      var options = TileImageOptions()
      options.program.command = script.command
      options.tileShape = [16, 16]
      options.overlap = .voxels(3)
      options.threads = 1
      let voxels = SegmentationRunTests.noise([60, 40], seed: 4)
      let path = folder.appendingPathComponent("made.ome.zarr").path
      let error = await #expect(throws: PipelineError.self) { try await TileImages(image(voxels), options: options).run(output: path) }
      #expect(error?.message == "the program made 1 channels of tile 0, and 2 of tile 3", "\(error?.message ?? "")")
      #expect(error?.hint?.contains("weft cancel \(path) --clean") == true, "\(error?.hint ?? "")")
      let asked = try script.messages().count
      try String(contentsOfFile: WorkerScript(folder, body: Self.identity).path, encoding: .utf8)
        .write(toFile: script.path, atomically: true, encoding: .utf8)
      try await TileImages(image(voxels), options: options).run(output: path)
      // All twelve tiles, and those that are tried before.
      #expect(try script.messages().dropFirst(asked).count { $0["type"] as? String == "image" } == 14)
      #expect(
        try readAll(path, as: Float.self).elements.enumerated().allSatisfy { abs($0.element - Float(voxels.elements[$0.offset])) < 1e-3 })
    }
  }

  @Test func oneThreadAndTwoMakeTheSameBytes() async throws {
    try await withTemporaryFolder { folder in
      for threads in [1, 2] {
        let voxels = SegmentationRunTests.noise([3, 50, 60], seed: 8)
        var options = TileImageOptions()
        options.program.command = try WorkerScript(
          folder, body: "answer(request, [v * 0.37 + i for i, v in enumerate(tile(request))], 'float32')"
        ).command
        (options.tileShape, options.overlap, options.threads) = ([16, 21], .voxels(5), threads)
        try await TileImages(image(voxels, axes: "tyx"), options: options).run(output: folder.path + "/\(threads)/made.ome.zarr")
      }
      let (one, two) = try (files(below: folder.path + "/1"), files(below: folder.path + "/2"))
      #expect(one.count >= 4)
      #expect(one == two)
    }
  }
}
