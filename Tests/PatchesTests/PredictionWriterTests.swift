// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Patches
import Pipelines
import TestSupport
import Testing
import Volumes

struct PredictionWriterTests {
  private let space = PhysicalSpace(spacing: [4, 4, 4], origin: [2, 2, 2], unit: .nanometer)

  private func read(_ folder: String, _ name: String) throws -> VoxelBuffer<Float> {
    try StoredImage.open("\(folder)/\(name).ome.zarr").volumes().finest.load().voxels
  }

  /// Random extents, patches and overlaps: what is cut out of an image comes back as it was, at every voxel, in whatever order.
  @Test(arguments: 0..<12) func patchesOfAnImageGiveTheImage(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let extent = Extent((0..<3).map { _ in Int.random(in: 5...50, using: &random) })
    let patch = Extent((0..<3).map { _ in Int.random(in: 1...24, using: &random) })
    let overlap = patch.lengths.map { Int.random(in: 0...$0 / 2, using: &random) }
    let image = PatchFixtures.noise(extent, seed: UInt64(seed)).mapVoxels { Float($0) }
    try withTemporaryFolder { url in
      let writer = try PredictionWriter(
        to: url.path, classes: ["a", "b"], extent: extent, space: space, patch: patch, overlap: seed % 3 == 0 ? nil : overlap,
        memory: seed % 2 == 0 ? 1 << 20 : 0)
      for position in writer.positions.shuffled(using: &random) {
        let voxels = image.cropped(to: position.box)
        try writer.write(voxels.elements + voxels.elements.map { -$0 }, at: position)
      }
      try writer.finish()
      let made = try read(url.path, "a")
      #expect(made.extent == extent)
      #expect(zip(made.elements, image.elements).allSatisfy { abs($0 - $1) <= 1e-3 })
      #expect(try read(url.path, "b") == made.mapVoxels { -$0 })
      #expect(try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() == ["a.ome.zarr", "b.ome.zarr"])
    }
  }

  @Test func theOrderDoesNotChangeAByte() throws {
    try withTemporaryFolder { url in
      var results: [[String: Data]] = []
      var random = SeededGenerator(seed: 4)
      for round in 0..<3 {
        let folder = url.path + "/\(round)"
        let writer = try PredictionWriter(
          to: folder, classes: ["a"], extent: [30, 40, 50], space: space, patch: [16, 16, 16], overlap: [6, 6, 6],
          memory: round == 1 ? 0 : 1 << 20)
        // Patches that disagree.
        for position in round == 0 ? writer.positions : writer.positions.shuffled(using: &random) {
          try writer.write((0..<4096).map { Float(position.index * 31 % 17) + Float($0 % 13) / 7 }, at: position)
        }
        try writer.finish()
        results.append(try resultFiles(folder))
      }
      #expect(results[0] == results[1] && results[0] == results[2])
    }
  }

  @Test func smallImagesTakeTheirPartOfAPatch() throws {
    try withTemporaryFolder { url in
      let writer = try PredictionWriter(to: url.path, classes: ["a"], extent: [5, 30, 7], space: space, patch: [16, 16, 16])
      let image = PatchFixtures.noise([5, 30, 7]).mapVoxels { Float($0) }
      for position in writer.positions {
        var whole = VoxelBuffer<Float>(extent: [16, 16, 16], repeating: -1)
        whole.copy(from: image, box: position.box, at: [0, 0, 0])
        try writer.write(whole.elements, at: position)
      }
      try writer.finish()
      #expect(zip(try read(url.path, "a").elements, image.elements).allSatisfy { abs($0 - $1) <= 1e-3 })
    }
  }

  @Test func whatIsMissingOrComesTwiceIsTold() throws {
    try withTemporaryFolder { url in
      func error(_ body: () throws -> Void) -> String {
        do { try body() } catch { return error.localizedDescription }
        return ""
      }
      do {
        let writer = try PredictionWriter(to: url.path, classes: ["a"], extent: [20, 20, 20], space: space, patch: [12, 12, 12])
        let numbers = [Float](repeating: 1, count: 1728)
        try writer.write(numbers, at: writer.positions[0])
        #expect(error { try writer.write(numbers, at: writer.positions[0]) } == "patch 0 came before")
        #expect(
          error { try writer.write([1, 2], at: writer.positions[1]) }.contains("has 2 numbers, and 1 classes of 12×12×12 voxels need 1728"))
        #expect(error { try writer.finish() }.contains("7 of 8 patches did not come; the first is 1"))
      }
      // What was not kept is not forgotten.
      do {
        let folder = url.path + "/full"
        let writer = try PredictionWriter(to: folder, classes: ["a"], extent: [20, 20, 20], space: space, patch: [12, 12, 12], memory: 0)
        try FileManager.default.removeItem(atPath: folder)
        try Data().write(to: URL(fileURLWithPath: folder))
        let numbers = [Float](repeating: 1, count: 1728)
        for position in writer.positions { #expect(!error { try writer.write(numbers, at: position) }.isEmpty) }
        #expect(error { try writer.finish() }.contains("a patch was not kept"))
        try FileManager.default.removeItem(atPath: folder)
      }
      // A writer that never finished leaves nothing.
      #expect(try FileManager.default.contentsOfDirectory(atPath: url.path).isEmpty)
      #expect(
        error { _ = try PredictionWriter(to: url.path, classes: ["a", "a"], extent: [9, 9, 9], space: space, patch: [4, 4, 4]) }.contains(
          "`a`"))
      #expect(
        error {
          _ = try PredictionWriter(to: url.path, classes: ["a"], extent: [9, 9, 9], space: space, patch: [4, 4, 4], overlap: [3, 0, 0])
        }
        .contains("cannot overlap"))
      #expect(
        error {
          _ = try PredictionWriter(
            to: url.path + "/image/predicted", classes: ["a"], extent: [9, 9, 9], space: space, patch: [4, 4, 4],
            inputs: [url.path + "/image"])
        }
        .contains("lies inside the input"))
    }
  }
}
