// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Pyramids
import TestSupport
import Testing
import Volumes

struct PhantomWriterTests {
  private func options() -> PhantomOptions {
    var options = PhantomOptions()
    options.shape = [40, 72, 64]
    options.chunk = [32, 32, 32]
    options.seed = 9
    return options
  }

  @Test func aPhantomOpensAsTwoImagesWithItsTruth() async throws {
    try await withTemporaryFolder { folder in
      var options = options()
      options.labels = true
      options.spacing = [2, 1, 1]
      try await Phantom(options).write(into: folder.path)
      for name in ["fixed", "moving", "fixed_labels", "moving_labels"] {
        let image = try OMEImage.open(folder.appendingPathComponent("\(name).ome.zarr").path)
        #expect(image.levels[0].source.extent == [40, 72, 64])
        #expect(image.levels[0].space.spacing == [2, 1, 1])
        #expect(image.voxelType == (name.hasSuffix("labels") ? .uint32 : .uint16))
      }
      #expect(try PhantomTruth.read(from: folder.path).shape == [40, 72, 64])
      // Nothing unfinished is left.
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
      #expect(
        names == ["fixed.ome.zarr", "fixed_labels.ome.zarr", "landmarks.csv", "moving.ome.zarr", "moving_labels.ome.zarr", "truth.json"])
    }
  }

  @Test func landmarksLieOnTheSameNucleus() async throws {
    try await withTemporaryFolder { folder in
      var options = options()
      options.shape = [56, 88, 80]
      options.labels = true
      try await Phantom(options).write(into: folder.path)
      let fixed = try OMEImage.open(folder.appendingPathComponent("fixed_labels.ome.zarr").path).levels[0].source
      let moving = try OMEImage.open(folder.appendingPathComponent("moving_labels.ome.zarr").path).levels[0].source
      let (fixedLabels, movingLabels) = (
        try fixed.read(fixed.extent.box, as: UInt32.self), try moving.read(moving.extent.box, as: UInt32.self)
      )
      let rows = try String(contentsOf: folder.appendingPathComponent("landmarks.csv"), encoding: .utf8).split(separator: "\n")
      #expect(rows[0] == "label,fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x")
      var (right, shown) = (0, 0)
      for row in rows.dropFirst() {
        let numbers = try row.split(separator: ",").map { try #require(Double($0)) }
        let (inFixed, inMoving) = (
          fixedLabels[numbers[1...3].map { Int($0.rounded()) }], movingLabels[numbers[4...6].map { Int($0.rounded()) }]
        )
        // Neighbours may cover the centre of a nucleus, and the edge of the organ may cut one.
        if inFixed != 0 && inMoving != 0 { shown += 1 }
        if Double(inFixed) == numbers[0] && inFixed == inMoving { right += 1 }
      }
      #expect(shown >= 20)
      #expect(Double(right) >= 0.9 * Double(shown))
    }
  }

  @Test func threadsDoNotChangeTheBytes() async throws {
    try await withTemporaryFolder { folder in
      var bytes: [[String: Data]] = []
      for threads in [1, 3] {
        var options = options()
        options.threads = threads
        let target = folder.appendingPathComponent("\(threads)")
        try await Phantom(options).write(into: target.path)
        bytes.append(try contents(of: target))
      }
      #expect(bytes[0].count > 10)
      #expect(bytes[0] == bytes[1])
    }
  }

  @Test func whatExistsIsNotReplacedUnasked() async throws {
    try await withTemporaryFolder { folder in
      var options = options()
      try await Phantom(options).write(into: folder.path)
      let phantom = try Phantom(options)
      await #expect(throws: PipelineError.self) { try await phantom.write(into: folder.path) }
      options.overwrite = true
      try await Phantom(options).write(into: folder.path)
    }
  }

  @Test(arguments: [[256], [4, 4, 4], [1, 2, 3, 4]])
  func aShapeThatCannotBeIsRefused(shape: [Int]) {
    var options = PhantomOptions()
    options.shape = shape
    #expect(throws: PipelineError.self) { try Phantom(options) }
  }

  private func contents(of folder: URL) throws -> [String: Data] {
    var files: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      let url = folder.appendingPathComponent(name)
      if try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true { files[name] = try Data(contentsOf: url) }
    }
    return files
  }
}
