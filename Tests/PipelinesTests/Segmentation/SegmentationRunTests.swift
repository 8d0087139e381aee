// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Segmentation
import TestSupport
import Testing
import Volumes

struct SegmentationRunTests {
  static func noise(_ extent: Extent, seed: UInt64) -> VoxelBuffer<UInt16> {
    var random = SeededGenerator(seed: seed)
    return VoxelBuffer(extent: extent, elements: (0..<extent.count).map { _ in UInt16.random(in: 0..<1000, using: &random) })
  }

  static func options(_ threshold: Double? = 550, tile: [Int]? = nil, overlap: Overlap? = nil) -> SegmentationOptions {
    var options = SegmentationOptions()
    options.method = .threshold
    options.threshold = threshold
    options.tileShape = tile
    options.overlap = overlap
    options.threads = 2
    return options
  }

  @Test(arguments: [("yx", [61, 83]), ("zyx", [13, 29, 31]), ("cyx", [2, 47, 53]), ("ycx", [47, 2, 53]), ("yxc", [47, 53, 2])])
  func componentsDoNotDependOnTheTiles(axes: String, lengths: [Int]) async throws {
    var random = SeededGenerator(seed: UInt64(lengths[1]))
    var stored = image(Self.noise(Extent(lengths), seed: 7), axes: axes)
    stored.givenAxes = axes
    let spatial = zip(axes, lengths).filter { $0.0 != "c" }.map(\.1)
    try await withTemporaryFolder { folder in
      var whole: VoxelBuffer<UInt64>?
      // All in one tile first; of one voxel along an axis; with halos that components do not need.
      for round in 0...10 {
        var tile = spatial.map { Int.random(in: 2...$0, using: &random) }
        if round == 0 { tile = spatial }
        if round == 3 { tile[0] = 1 }
        var options = Self.options(axes.contains("c") ? 800 : spatial.count == 2 ? 400 : 650, tile: tile)
        if axes.contains("c") { options.channels = [0, 1] }
        if round % 3 == 1 { options.overlap = .voxels(round) }
        let path = folder.appendingPathComponent("\(round).ome.zarr").path
        let result = try await ChunkedSegmentation(stored, options: options).run(into: LabelTarget(path))
        let labels = try readAll(path, as: UInt64.self)
        #expect(labels.extent == Extent(spatial))
        #expect(labels.elements.max() == result.objects)
        if let whole { #expect(isSamePartition(whole, labels), "tiles of \(tile)") } else { whole = labels }
      }
    }
  }

  @Test func aCoarserLevelIsSegmentedAsAnImageOfItsOwn() async throws {
    let space = PhysicalSpace(spacing: [0.5, 0.5], origin: [3, 4], unit: .micrometer)
    var both = image(Self.noise([80, 90], seed: 2), space)
    let coarse = image(Self.noise([40, 45], seed: 3), space.downsampled(by: [2, 2]))
    both.levels.append(coarse.levels[0])
    try await withTemporaryFolder { folder in
      var (labels, tables): ([VoxelBuffer<UInt64>], [String]) = ([], [])
      for (name, image, level) in [("both", both, 1), ("coarse", coarse, 0)] {
        var options = Self.options(550, tile: [17])
        options.level = level
        let path = folder.appendingPathComponent("\(name)/labels.ome.zarr").path
        try FileManager.default.createDirectory(atPath: folder.path + "/" + name, withIntermediateDirectories: true)
        let result = try await ChunkedSegmentation(image, options: options).run(into: LabelTarget(path))
        labels.append(try readAll(path, as: UInt64.self))
        tables.append(try String(contentsOfFile: result.table, encoding: .utf8))
        #expect(try StoredImage.open(path).levels[0].space.spacing == [1, 1])
      }
      #expect(labels[0] == labels[1] && tables[0] == tables[1] && !tables[0].isEmpty)
    }
  }

  @Test func theTableTellsWhatTheLabelsShow() async throws {
    let extent: Extent = [9, 17, 21]
    let voxels = Self.noise(extent, seed: 3)
    let space = PhysicalSpace(spacing: [2, 0.5, 0.25], origin: [10, 20, 30], unit: .micrometer)
    try await withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("labels.ome.zarr").path
      let result = try await ChunkedSegmentation(image(voxels, space), options: Self.options(700, tile: [4, 9, 8])).run(
        into: LabelTarget(path))
      #expect(result.table == folder.appendingPathComponent("objects.csv").path)
      let labels = try readAll(path, as: UInt64.self)
      let lines = try String(contentsOfFile: result.table, encoding: .utf8).split(separator: "\n")
      #expect(
        lines[0] == "label,z,y,x,voxel_z,voxel_y,voxel_x,z_begin,y_begin,x_begin,z_end,y_end,x_end,voxels,volume,mean_0,touches_border")
      #expect(lines.count == Int(result.objects) + 1)
      for (number, line) in lines.dropFirst().enumerated() {
        let fields = line.split(separator: ",").compactMap { Double($0) }
        let inside = extent.box.indices.filter { labels[$0] == UInt64(number + 1) }
        let count = Double(inside.count)
        let centroid = (0..<3).map { axis in inside.map { Double($0[axis]) }.reduce(0, +) / count }
        let world = space.world(of: centroid)
        let lower = (0..<3).map { axis in Double(inside.map { $0[axis] }.min() ?? -1) }
        let upper = (0..<3).map { axis in Double(inside.map { $0[axis] + 1 }.max() ?? -1) }
        let mean = inside.map { Double(voxels[$0]) }.reduce(0, +) / count
        let touches = (0..<3).contains { lower[$0] == 0 || upper[$0] == Double(extent[$0]) }
        let expected = [Double(number + 1)] + world + centroid + lower + upper + [count, count * 0.25, mean, touches ? 1 : 0]
        #expect(fields.count == expected.count)
        for (found, wanted) in zip(fields, expected) { #expect(abs(found - wanted) <= 1e-7 * max(1, abs(wanted)), "\(line)") }
      }
    }
  }

  @Test(arguments: [MergeRule.face, .hybrid, .haloIoU]) func oneThreadAndTwoWriteTheSameBytes(rule: MergeRule) async throws {
    let stored = image(Self.noise([40, 90, 80], seed: 11))
    try await withTemporaryFolder { folder in
      for threads in [1, 2] {
        var options = Self.options(rule == .face ? 620 : 750, tile: [11, 31, 29], overlap: rule == .face ? nil : .voxels(6))
        (options.threads, options.merge) = (threads, rule)
        let labels = folder.appendingPathComponent("\(threads)/labels.ome.zarr").path
        _ = try await ChunkedSegmentation(stored, options: options).run(into: LabelTarget(labels))
      }
      var (one, two) = try (files(below: folder.path + "/1"), files(below: folder.path + "/2"))
      (one["run.json"], two["run.json"]) = (nil, nil)
      #expect(one.count >= 5)
      #expect(one == two)
    }
  }

  @Test func everyTimePointIsSegmentedByItself() async throws {
    // The same voxels at all times: objects would be one through time where times were joined.
    let plane = Self.noise([30, 40], seed: 5)
    let voxels = VoxelBuffer(extent: [3, 30, 40], elements: plane.elements + plane.elements + plane.elements)
    try await withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("labels.ome.zarr").path
      let result = try await ChunkedSegmentation(image(voxels, axes: "tyx"), options: Self.options(600, tile: [16, 16])).run(
        into: LabelTarget(path))
      let labels = try readAll(path, as: UInt64.self)
      #expect(labels.extent == [3, 30, 40])
      let each = result.objects / 3
      let first = labels.cropped(to: Box(lower: [0, 0, 0], upper: [1, 30, 40]))
      for time in 1..<3 {
        let other = labels.cropped(to: Box(lower: [time, 0, 0], upper: [time + 1, 30, 40]))
        #expect(other.elements == first.elements.map { $0 == 0 ? 0 : $0 + UInt64(time) * each })
      }
      let table = try String(contentsOfFile: result.table, encoding: .utf8).split(separator: "\n")
      #expect(table[0].hasPrefix("label,t,y,x,") && table.last?.hasPrefix("\(result.objects),2,") == true)
    }
  }

  @Test func anEmptyImageHasNoObjects() async throws {
    try await withTemporaryFolder { folder in
      for threshold in [nil, 5.0] {
        let path = folder.appendingPathComponent("\(threshold ?? 0).ome.zarr").path
        let stored = image(VoxelBuffer<UInt16>(extent: [50, 60]))
        let result = try await ChunkedSegmentation(stored, options: Self.options(threshold, tile: [16, 16])).run(into: LabelTarget(path))
        #expect(result.objects == 0)
        #expect(try readAll(path, as: UInt64.self).elements.allSatisfy { $0 == 0 })
        #expect(try String(contentsOfFile: result.table, encoding: .utf8).split(separator: "\n").count == 1)
      }
    }
  }

  /// Labels of five digits and more a tile, as packed ids would mix up with those of other tiles.
  @Test func aTileMayHoldMoreThanAHundredThousandObjects() async throws {
    let extent: Extent = [640, 700]
    var voxels = VoxelBuffer<UInt16>(extent: extent)
    for index in extent.box.indices where index[0] % 2 == 0 && index[1] % 2 == 0 { voxels[index] = 9 }
    try await withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("labels.ome.zarr").path
      var options = Self.options(1, tile: [639, 699])
      options.voxelType = .uint16
      let error = await #expect(throws: PipelineError.self) {
        try await ChunkedSegmentation(image(voxels), options: options).run(into: LabelTarget(path))
      }
      #expect(error?.message.contains("112000 objects") == true && error?.hint?.contains("uint32") == true, "\(error?.message ?? "")")
      #expect(!FileManager.default.fileExists(atPath: path))
      // What was done is not lost.
      options.voxelType = nil
      let result = try await ChunkedSegmentation(image(voxels), options: options).run(into: LabelTarget(path))
      #expect(result.objects == 320 * 350)
      #expect(result.voxelType == .uint32)
      let labels = try readAll(path, as: UInt64.self)
      #expect(Set(labels.elements) == Set(0...112_000))
    }
  }

  /// NaN and infinities are foreground of no method, move no threshold, and do not count in means.
  @Test(arguments: [SegmentationMethod.threshold, .watershed], [Float.infinity, .nan, -.infinity])
  func voxelsThatAreNoNumbersAreNoObjects(method: SegmentationMethod, value: Float) async throws {
    var voxels = VoxelBuffer<Float>(extent: [60, 120], repeating: 10)
    for index in voxels.extent.box.indices {
      let (y, x) = (index[0] - 30, index[1] - 30)
      if y * y + x * x <= 49 { voxels[index] = 200 }
    }
    var broken = voxels
    for index in Box(lower: [20, 80], upper: [34, 94]).indices { broken[index] = value }
    try await withTemporaryFolder { folder in
      var options = SegmentationOptions()
      options.method = method
      options.diameter = ObjectDiameter("14")
      options.tileShape = [60, 60]
      var (labels, tables): ([VoxelBuffer<UInt64>], [String]) = ([], [])
      for (number, stored) in [image(voxels), image(broken)].enumerated() {
        let target = try LabelTarget(folder.appendingPathComponent("\(number)/labels.ome.zarr").path)
        let result = try await ChunkedSegmentation(stored, options: options).run(into: target)
        #expect(result.objects == 1)
        labels.append(try readAll(target.path, as: UInt64.self))
        tables.append(try String(contentsOfFile: result.table, encoding: .utf8))
      }
      #expect(labels[0].elements == labels[1].elements)
      #expect(tables[0] == tables[1])
    }
  }

  /// A second channel may hold no number where the first one holds an object.
  @Test func meansAreThoseOfVoxelsThatAreNumbers() async throws {
    var voxels = VoxelBuffer<Float>(extent: [2, 20, 20], repeating: 1)
    for index in Box(lower: [5, 5], upper: [9, 15]).indices {
      voxels[[0] + index] = 100
      voxels[[1] + index] = index[1] < 10 ? 7 : .infinity
    }
    try await withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("labels.ome.zarr").path
      let result = try await ChunkedSegmentation(image(voxels, axes: "cyx"), options: Self.options(50, tile: [8, 8])).run(
        into: LabelTarget(path))
      let table = try String(contentsOfFile: result.table, encoding: .utf8).split(separator: "\n")
      #expect(table.count == 2 && table[1].hasSuffix(",40,40,100,7,0"), "\(table)")
    }
  }

  @Test func theFormatOfLabelsIsTheSmallestThatHoldsThem() async throws {
    let stored = image(Self.noise([30, 30], seed: 2))
    try await withTemporaryFolder { folder in
      var options = Self.options(500, tile: [8, 8])
      func run(_ name: String) async throws -> ChunkedSegmentation.Result {
        try await ChunkedSegmentation(stored, options: options).run(into: LabelTarget(folder.appendingPathComponent(name).path))
      }
      let smallest = try await run("a.ome.zarr")
      #expect(smallest.voxelType == .uint16)
      options.voxelType = .uint64
      let asked = try await run("b.ome.zarr")
      #expect(asked.voxelType == .uint64)
      #expect(try StoredImage.open(folder.appendingPathComponent("b.ome.zarr").path).voxelType == .uint64)
    }
  }

  @Test func aTileAloneIsWhatARunFindsThere() async throws {
    let stored = image(Self.noise([60, 70], seed: 9))
    let segmentation = ChunkedSegmentation(stored, options: Self.options(700, tile: [20, 32]))
    let tile = try segmentation.segmentTile(at: [1, 2])
    #expect(tile.core == Box(lower: [20, 64], upper: [40, 70]))
    #expect(tile.boxes.count == Int(tile.labels.elements.max() ?? 0))
    for (index, box) in tile.boxes.enumerated() {
      let inside = box.indices.filter { tile.labels[zip($0, tile.box.lower).map(-)] == UInt32(index + 1) }
      #expect(!inside.isEmpty && inside.map { $0[1] }.max() == box.upper[1] - 1)
    }
    #expect(throws: PipelineError.self) { try segmentation.segmentTile(at: [3, 0]) }
    #expect(throws: PipelineError.self) { try segmentation.segmentTile(at: [0]) }
  }

  /// Voxels of a broken detector, far above all others, in images whose values have no bin each.
  @Test(arguments: [Float(1e9), 3e38, -1e30]) func aHotVoxelChangesNothing(hot: Float) async throws {
    let extent: Extent = [16, 64, 64]
    let noise = Self.noise(extent, seed: 6)
    var voxels = VoxelBuffer<Float>(extent: extent)
    for i in voxels.elements.indices { voxels.elements[i] = Float(noise.elements[i]) / 100 + (noise.elements[i] > 800 ? 90 : 0) }
    try await withTemporaryFolder { folder in
      var labels: [VoxelBuffer<UInt64>] = []
      for outlier in [voxels.elements[7], hot] {
        voxels.elements[7] = outlier
        let path = folder.appendingPathComponent("\(labels.count).ome.zarr").path
        _ = try await ChunkedSegmentation(image(voxels), options: Self.options(nil, tile: [16, 32, 32])).run(into: LabelTarget(path))
        labels.append(try readAll(path, as: UInt64.self))
      }
      let differing = labels[0].elements.indices.count { i in i != 7 && (labels[0].elements[i] == 0) != (labels[1].elements[i] == 0) }
      #expect(differing == 0)
      #expect(labels[1].elements.contains { $0 > 1 })
    }
  }
}
