// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Segmentation
import TestSupport
import Testing
import Volumes

/// The networks themselves: minutes, and gigabytes of packages, so that `Tests/run --full` alone makes a Python for them.
struct NetworkTests {
  @Test(.enabled(if: interpreter("WEFT_STARDIST_PYTHON") != nil && sharedData != nil, "WEFT_STARDIST_PYTHON names no interpreter"))
  func aStarDistFindsTheSameNucleiInTilesAsInTheWholeImage() async throws {
    try await withTemporaryFolder { folder in
      let python = interpreter("WEFT_STARDIST_PYTHON") ?? ""
      let images = try #require(sharedData).appendingPathComponent("nuclei")
      let files = ["img2d.tif", "mask2d.tif"].map { images.appendingPathComponent($0).path }
      let trained = try runInteropScript("network_models.py", ["stardist"] + files + [folder.path], interpreter: python)
      try #require(trained.status == 0, "\(trained.output)")
      let extent: Extent = [512, 512]
      let voxels = VoxelBuffer<Float>(extent: extent, elements: try raw(folder.appendingPathComponent("image.raw")))
      let truth = VoxelBuffer<UInt32>(extent: extent, elements: try raw(folder.appendingPathComponent("labels.raw")))

      let options = try WorkerScript.options(folder) {
        $0.python = python
        $0.model = folder.appendingPathComponent("tiny").path
        $0.rank = 2
        $0.timeout = 600
      }
      let method = PythonSegmenter(.stardist, options: options)
      defer { method.shutdown() }
      let requirements = method.requirements
      #expect(requirements.stride == [8, 8] && requirements.ranks == 2...2 && requirements.channels == 1...1)
      let reach = try #require(requirements.receptiveField.max())
      #expect(requirements.receptiveField.count == 2 && (8...128).contains(reach))
      #expect(try method.describe().packages["stardist"] != nil)

      var statistics = IntensityStatistics(minimum: 0, maximum: 235, isInteger: true)
      statistics.add(voxels)
      let context = SegmentationContext(statistics: [statistics])
      func segment(_ box: Box) throws -> VoxelBuffer<UInt32> {
        try method.segment(SegmentationTile(channels: [voxels.cropped(to: box)], box: box, core: box, spacing: [1, 1]), context)
      }
      let whole = try segment(extent.box)
      // Eight epochs make no good network, but one that finds nuclei.
      #expect(foundAtHalfOverlap(truth, whole) > 0.4)

      // A halo of the receptive field and of a nucleus, from a multiple of the stride.
      let core = Box(lower: [192, 192], upper: [320, 320])
      let box = Box(lower: [64, 64], upper: [448, 448])
      let tile = try segment(box).cropped(to: Box(lower: [128, 128], upper: [256, 256]))
      #expect(isSamePartition(tile, whole.cropped(to: core)))
      #expect(method.workers.warnings.isEmpty)

      // Whole runs, in one tile and in nine.
      let stored = image(voxels.converted(to: UInt8.self))
      var labels: [VoxelBuffer<UInt64>] = []
      for core in [512, 176] {
        var options = SegmentationOptions()
        options.method = .stardist
        options.program.python = python
        options.program.model = folder.appendingPathComponent("tiny").path
        options.tileShape = [core]
        options.overlap = .voxels(core == 512 ? 0 : 128)
        options.threads = 2
        let path = folder.appendingPathComponent("\(core).ome.zarr").path
        let result = try await ChunkedSegmentation(stored, options: options).run(into: LabelTarget(path))
        labels.append(try readAll(path, as: UInt64.self))
        #expect(try String(contentsOfFile: result.record, encoding: .utf8).contains("\"stardist\""))
      }
      #expect(isSamePartition(labels[0], labels[1]))
      #expect(isSamePartition(labels[0], whole.converted(to: UInt64.self)))
    }
  }

  @Test(.enabled(if: interpreter("WEFT_CELLPOSE_PYTHON") != nil, "WEFT_CELLPOSE_PYTHON names no interpreter"))
  func aCellposeOfRandomWeightsAnswers() throws {
    try withTemporaryFolder { folder in
      let python = interpreter("WEFT_CELLPOSE_PYTHON") ?? ""
      let model = folder.appendingPathComponent("random").path
      let made = try runInteropScript("network_models.py", ["cellpose", model], interpreter: python)
      try #require(made.status == 0, "\(made.output)")
      let options = try WorkerScript.options(folder) {
        $0.python = python
        $0.model = model
        $0.settings = [("cellprob_threshold", "-6"), ("flow_threshold", "0"), ("niter", "5")]
        $0.timeout = 600
      }
      let method = PythonSegmenter(.cellpose, options: options)
      defer { method.shutdown() }
      #expect(try method.describe().version.hasPrefix("3."))
      for (extent, channels) in [(Extent([96, 80]), 1), ([96, 80], 2), ([4, 32, 24], 1)] {
        let (tile, context) = rampTile(extent, channels: channels)
        #expect(try method.segment(tile, context).extent == extent)
      }
      #expect(method.workers.warnings.isEmpty)
    }
  }

  private func raw<Voxel: VoxelScalar>(_ file: URL) throws -> [Voxel] {
    let data = try Data(contentsOf: file)
    var voxels = [Voxel](repeating: 0, count: data.count / Voxel.voxelType.size)
    _ = unsafe voxels.withUnsafeMutableBytes { unsafe data.copyBytes(to: $0) }
    return voxels
  }

  /// The part of the objects in `truth` that an object of `found` covers with an overlap over union of a half and more.
  private func foundAtHalfOverlap(_ truth: VoxelBuffer<UInt32>, _ found: VoxelBuffer<UInt32>) -> Double {
    var sizes: [UInt32: Int] = [:]
    var foundSizes: [UInt32: Int] = [:]
    var common: [[UInt32]: Int] = [:]
    for (a, b) in zip(truth.elements, found.elements) {
      sizes[a, default: 0] += 1
      foundSizes[b, default: 0] += 1
      common[[a, b], default: 0] += 1
    }
    let matched = common.filter { pair, count in
      pair[0] > 0 && pair[1] > 0 && 2 * count >= (sizes[pair[0]] ?? 0) + (foundSizes[pair[1]] ?? 0) - count
    }
    return Double(matched.count) / Double(sizes.count - 1)
  }
}
