// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Synchronization
import TestSupport
import Testing
import Volumes

/// What a number format does not hold of a program's voxels, and infinities and NaN.
struct ChangedVoxelTests {
  private final class Warnings: ProgressReporter {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }
    func report(_ event: ProgressEvent) { if case .warning(let text) = event { texts.withLock { $0.append(text) } } }
  }

  /// The voxels and the warnings where a program sets some of an image of 20×30 voxels of 7, by the place in the image.
  private func made(_ type: VoxelType, _ voxels: [(Int, Int, String)]) async throws -> (result: VoxelBuffer<Float>, warnings: [String]) {
    try await withTemporaryFolder { folder in
      let places = voxels.map { "(\($0.0), \($0.1)): float('\($0.2)')" }.joined(separator: ", ")
      let body = """
        values, (height, width), (top, left) = tile(request), request["shape"][1:], request["offset"]
        for (y, x), value in {\(places)}.items():
            if 0 <= y - top < height and 0 <= x - left < width: values[(y - top) * width + x - left] = value
        answer(request, values, 'float32')
        """
      var options = TileImageOptions()
      options.program.command = try WorkerScript(folder, body: body).command
      (options.tileShape, options.overlap, options.voxelType, options.threads) = ([16, 16], .voxels(4), type, 2)
      let path = folder.appendingPathComponent("made.ome.zarr").path
      let warnings = Warnings()
      let stored = image(VoxelBuffer<UInt16>(extent: [20, 30], repeating: 7))
      try await TileImages(stored, options: options, progress: warnings).run(output: path)
      return (try readAll(path, as: Float.self), warnings.all)
    }
  }

  @Test func infinitiesStayInRealNumbersAndAreTold() async throws {
    let made = try await made(.float32, [(2, 3, "inf"), (5, 16, "-inf"), (18, 29, "nan")])
    #expect(made.result[[2, 3]] == .infinity && made.result[[5, 16]] == -.infinity && made.result[[18, 29]].isNaN)
    #expect(made.result.elements.count { $0.isFinite } == 597)
    #expect(made.warnings.count == 1 && made.warnings[0].contains("3 voxels that are NaN or infinite"), "\(made.warnings)")
  }

  @Test func whatWholeNumbersDoNotHoldIsTold() async throws {
    let made = try await made(
      .uint8, [(2, 3, "inf"), (5, 16, "-inf"), (18, 29, "nan"), (0, 0, "-0.3"), (0, 1, "255.4"), (1, 1, "300"), (19, 0, "-2")])
    #expect([[2, 3], [5, 16], [18, 29], [0, 0], [0, 1], [1, 1], [19, 0]].map { made.result[$0] } == [255, 0, 0, 0, 255, 255, 0])
    #expect(made.warnings.count == 2, "\(made.warnings)")
    #expect(made.warnings.contains { $0.contains("2 voxels that uint8 does not hold (0 to 255)") }, "\(made.warnings)")
    #expect(made.warnings.contains { $0.contains("3 voxels that are NaN or infinite, which uint8 does not hold") }, "\(made.warnings)")
  }

  @Test func whereAllIsHeldNothingIsTold() async throws {
    #expect(try await made(.uint8, [(1, 1, "200")]).warnings.isEmpty)
  }
}
