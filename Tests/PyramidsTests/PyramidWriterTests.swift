// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import Pyramids
import TestSupport
import Testing
import Volumes

struct PyramidWriterTests {
  private func names(in folder: URL) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }

  private func write<Voxel: VoxelScalar>(_ voxels: VoxelBuffer<Voxel>, _ layout: PyramidLayout, at path: String) throws -> PyramidWriter {
    let writer = try PyramidWriter.begin(layout, at: path)
    for box in writer.tasks(level: 0, voxels: 1) { try writer.write(voxels.cropped(to: box), at: box.lower) }
    try writer.buildLevels()
    try writer.finish()
    return writer
  }

  /// Ids repeat, and their bytes one by one do not: they are not shuffled.
  @Test func labelsOfManyObjectsTakeLessThanAsIntensities() throws {
    var labels = VoxelBuffer<UInt32>(extent: [512, 512])
    var random = SeededGenerator(seed: 5)
    // Discs of other places and sizes, one in each cell of 8 × 8 voxels.
    for cell in Box(lower: [0, 0], upper: [64, 64]).indices {
      let (centre, radius) = (
        [0, 1].map { Double(8 * cell[$0]) + Double.random(in: 3...5, using: &random) }, Double.random(in: 2...4, using: &random)
      )
      for index in Box(lower: cell.map { 8 * $0 }, extent: [8, 8]).indices {
        let squares = zip(index, centre).map { (Double($0) - $1) * (Double($0) - $1) }
        if squares.reduce(0, +) < radius * radius { labels[index] = UInt32(70_000 + 64 * cell[0] + cell[1]) }
      }
    }
    func bytes(_ isLabels: Bool, _ compression: Compression?) throws -> Int {
      try withTemporaryFolder { folder in
        var layout = PyramidLayout(extent: labels.extent, voxelType: .uint32, space: PhysicalSpace(spacing: [1, 1]))
        (layout.isLabels, layout.compression, layout.levelCount) = (isLabels, compression, 1)
        let writer = try PyramidWriter.begin(layout, at: folder.path + "/a.ome.zarr")
        try writer.write(labels, at: [0, 0])
        try writer.finish()
        return try Data(contentsOf: folder.appendingPathComponent("a.ome.zarr/0/c/0/0")).count
      }
    }
    let (own, intensities, chosen) = (try bytes(true, nil), try bytes(false, nil), try bytes(true, .standard))
    #expect(Double(own) < 0.7 * Double(intensities) && chosen == intensities, "\(own) and \(intensities) bytes")
  }

  @Test(arguments: OMEVersion.allCases) func whatIsWrittenIsOpenedWithItsPlaceAndLevels(version: OMEVersion) throws {
    try withTemporaryFolder { folder in
      let turned: [[Double]] = [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]
      let space = PhysicalSpace(spacing: [4, 1, 1], origin: [-3, 5, 7], direction: turned, unit: .micrometer)
      var layout = PyramidLayout(extent: [21, 70, 90], voxelType: .uint16, space: space)
      layout.version = version
      layout.leadingAxes = [.init(Axis(name: "c"), length: 2)]
      layout.chunk = [8, 16, 32]
      layout.levelCount = 4
      layout.channels = [
        ImageChannel(label: "a", limits: 0...65535, window: 0...100), ImageChannel(label: "b", limits: 0...1, window: 0...1),
      ]
      let voxels = patternVoxels([2, 21, 70, 90], seed: 7, as: UInt16.self)
      let path = folder.path + "/image.ome.zarr"
      let writer = try write(voxels, layout, at: path)
      #expect(writer.levels.map(\.factors) == [[1, 1, 1], [1, 2, 2], [1, 4, 4], [2, 8, 8]])
      #expect(try names(in: folder) == ["image.ome.zarr"])

      let image = try OMEImage.open(path)
      #expect(image.format == "OME-Zarr \(version.rawValue)" && OMEImage.version(of: image) == version)
      #expect(image.axes == [Axis(name: "c")] + ["z", "y", "x"].map { Axis(name: $0, unit: .micrometer) })
      #expect(image.levels.map(\.source.extent) == [[2, 21, 70, 90], [2, 21, 35, 45], [2, 21, 18, 23], [2, 11, 9, 12]])
      for (level, factors) in zip(image.levels, writer.levels.map(\.factors)) { #expect(level.space == space.downsampled(by: factors)) }
      #expect(try image.levels[0].source.read(voxels.extent.box, as: UInt16.self) == voxels)
      #expect(OMEImage.channels(of: path) == layout.channels)
      // Every level is one that averaging the finest one gives, as far as its place goes.
      let pyramid = try image.volumes(channel: 1)
      #expect(pyramid.downsampled(by: [1, 4, 4]).source.extent == [21, 18, 23])
      #expect(try OMEImage.open(path + "/2").levels[0].space == image.levels[2].space)
    }
  }

  @Test func levelsAreMeansOfWhatIsThereRoundedHalfUp() throws {
    try withTemporaryFolder { folder in
      var layout = PyramidLayout(extent: [3, 5], voxelType: .int16, space: PhysicalSpace(spacing: [1, 1]))
      layout.levelCount = 2
      let voxels = VoxelBuffer<Int16>(extent: [3, 5], elements: [0, 1, 5, 6, -7, 1, 0, 6, 6, -8, 3, 4, -1, -2, 9])
      let writer = try write(voxels, layout, at: folder.path + "/a.zarr")
      // 2/4 → 1 (half up); 23/4 = 5.75 → 6; −7.5 → −7; 3.5 → 4; −1.5 → −1; 9.
      #expect(try writer.openedLevel(1) == VoxelBuffer<Int16>(extent: [2, 3], elements: [1, 6, -7, 4, -1, 9]))
    }
  }

  @Test(arguments: 0..<30) func meansAgreeWithTheDefinition(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let rank = Int.random(in: 1...4, using: &random)
    let extent = Extent((0..<rank).map { _ in Int.random(in: 1...9, using: &random) })
    let steps = (0..<rank).map { _ in Int.random(in: 1...3, using: &random) }
    func check<Voxel: VoxelScalar>(_ type: Voxel.Type) {
      let voxels = patternVoxels(extent, seed: Int(seed), as: type).mapVoxels { $0.isNumber ? $0 : 0 }
      let means = Downsampling.mean.apply(to: voxels, steps: steps)
      let modes = Downsampling.mode.apply(to: voxels, steps: steps)
      #expect(means.extent == extent.dividedRoundingUp(by: Extent(steps)))
      for index in means.extent.box.indices {
        let block = Box(lower: zip(index, steps).map(*), extent: Extent(steps)).intersection(extent.box)
        let values = voxels.cropped(to: block).elements
        let mean = values.map(\.double).reduce(0, +) / Double(values.count)
        // 64-bit numbers differ by what a Double rounds.
        let tolerance = Voxel.voxelType.isInteger ? (Voxel.voxelType.size == 8 ? 65536 : 0) : abs(mean) * 1e-6
        let expected = Voxel.voxelType.isInteger ? (mean + 0.5).rounded(.down) : mean
        #expect(abs(means[index].double - expected) <= tolerance)
        let counts = Dictionary(values.map { ($0, 1) }, uniquingKeysWith: +)
        #expect(counts[modes[index]] == counts.values.max())
      }
    }
    for type in VoxelType.allCases { check(type.scalar) }
  }

  @Test(arguments: 0..<20) func weightedMeansAgreeWithTheDefinition(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let rank = Int.random(in: 1...3, using: &random)
    let extent = Extent((0..<rank).map { _ in Int.random(in: 1...9, using: &random) })
    let steps = (0..<rank).map { _ in Int.random(in: 1...2, using: &random) }
    let voxels = randomReals(extent, using: &random)
    let means = Downsampling.gaussian.apply(to: voxels, steps: steps)
    let rounded = Downsampling.gaussian.apply(to: voxels.converted(to: Int16.self), steps: steps)
    for index in means.extent.box.indices {
      var sums = (value: 0.0, whole: 0.0, weight: 0.0)
      for tap in Box(lower: index.map { _ in 0 }, upper: steps.map { $0 == 2 ? 4 : 1 }).indices {
        let place = (0..<rank).map { steps[$0] == 2 ? 2 * index[$0] - 1 + tap[$0] : index[$0] }
        guard extent.box.contains(Box(lower: place, extent: Extent(place.map { _ in 1 }))) else { continue }
        let weight = (0..<rank).map { steps[$0] == 2 ? [1.0, 3, 3, 1][tap[$0]] : 1 }.reduce(1, *)
        sums.weight += weight
        sums.value += weight * Double(voxels[place])
        sums.whole += weight * Double(voxels.converted(to: Int16.self)[place])
      }
      #expect(abs(Double(means[index]) - sums.value / sums.weight) < 1e-4)
      #expect(Double(rounded[index]) == (sums.whole / sums.weight + 0.5).rounded(.down))
    }
  }

  private func randomReals(_ extent: Extent, using random: inout SeededGenerator) -> VoxelBuffer<Float> {
    VoxelBuffer(extent: extent, elements: (0..<extent.count).map { _ in Float.random(in: -100...100, using: &random) })
  }

  @Test(arguments: Downsampling.allCases) func aPyramidDoesNotDependOnItsPiecesOrShards(method: Downsampling) throws {
    try withTemporaryFolder { folder in
      var layout = PyramidLayout(extent: [21, 70, 90], voxelType: .uint16, space: PhysicalSpace(spacing: [1, 1, 1], origin: [1, 2, 3]))
      layout.chunk = [4, 8, 16]
      layout.levelCount = 3
      layout.downsampling = method
      let voxels = patternVoxels([21, 70, 90], seed: 7, as: UInt16.self)
      let plain = try write(voxels, layout, at: folder.path + "/plain.zarr")
      layout.shard = [8, 32, 20]
      #expect(layout.shard(level: 0) == [8, 32, 32] && layout.shard(level: 2) == [8, 24, 32])
      let writer = try PyramidWriter.begin(layout, at: folder.path + "/sharded.zarr")
      for box in writer.tasks(level: 0, voxels: 1) { try writer.write(voxels.cropped(to: box), at: box.lower) }
      for level in 1...2 { for box in writer.tasks(level: level) { try writer.buildLevel(level, box, voxels: 1) } }
      try writer.finish()
      for level in 0...2 {
        let (whole, parts): (VoxelBuffer<UInt16>, VoxelBuffer<UInt16>) = try (plain.openedLevel(level), writer.openedLevel(level))
        #expect(parts == whole)
        if method == .stride, level == 2 { #expect(parts[[2, 3, 5]] == voxels[[8, 12, 20]]) }
      }
      let image = try OMEImage.open(folder.path + "/sharded.zarr")
      let shift = method == .stride ? 0 : 1.5
      #expect(image.levels[2].space == PhysicalSpace(spacing: [4, 4, 4], origin: [1 + shift, 2 + shift, 3 + shift]))
      layout.version = .v04
      #expect(throws: PyramidError.self) { _ = try PyramidWriter.begin(layout, at: folder.path + "/old.zarr") }
    }
  }

  @Test func theMeanLeavesOutWhatIsNoNumber() {
    let voxels = VoxelBuffer<Float>(extent: [6], elements: [.nan, 3, .infinity, -.infinity, 1, 2])
    let means = Downsampling.mean.apply(to: voxels, steps: [2]).elements
    #expect(means[0] == 3 && means[1].isNaN && means[2] == 1.5)
  }

  @Test func theModeOfEquallyFrequentLabelsIsTheFirst() {
    let voxels = VoxelBuffer<UInt32>(extent: [2, 4], elements: [7, 9, 1, 2, 9, 7, 2, 0])
    #expect(Downsampling.mode.apply(to: voxels, steps: [2, 2]).elements == [7, 2])
  }

  @Test func theMeanOfLargeNumbersDoesNotOverflow() {
    let voxels = VoxelBuffer<UInt64>(extent: [4], elements: [.max, .max, .max, .max - 1])
    #expect(Downsampling.mean.apply(to: voxels, steps: [2]).elements == [.max, .max])
    let signed = VoxelBuffer<Int64>(extent: [4], elements: [.min, .min, .min, .min + 1])
    #expect(Downsampling.mean.apply(to: signed, steps: [2]).elements == [.min, .min + 1])
  }

  @Test func levelsAreHalvedUntilTheyAreSmallAndIsotropic() {
    func factors(_ extent: Extent, _ spacing: [Double]) -> [[Int]] {
      PyramidLayout(extent: extent, voxelType: .uint16, space: PhysicalSpace(spacing: spacing)).factors
    }
    #expect(factors([100, 100, 100], [1, 1, 1]) == [[1, 1, 1]])
    #expect(factors([512, 512, 512], [1, 1, 1]) == [[1, 1, 1], [2, 2, 2], [4, 4, 4]])
    #expect(factors([300, 1024, 1024], [4, 1, 1]) == [[1, 1, 1], [1, 2, 2], [1, 4, 4], [2, 8, 8]])
    #expect(factors([40, 1024, 1024], [1, 1, 1]) == [[1, 1, 1], [1, 2, 2], [1, 4, 4], [1, 8, 8]])
    #expect(factors([48320, 63993], [0.5, 0.5]).count == 9)
  }

  @Test func anUnfinishedImageIsHiddenAndNoImage() throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/out.ome.zarr"
      let layout = PyramidLayout(extent: [4, 4], voxelType: .uint8, space: PhysicalSpace(spacing: [1, 1]))
      let writer = try PyramidWriter.begin(layout, at: path, token: "one")
      try writer.write(VoxelBuffer<UInt8>(extent: [4, 4], repeating: 3), at: [0, 0])
      #expect(try names(in: folder) == [".out.ome.zarr.partial-one"])
      #expect(throws: PyramidError.self) { try OMEImage.open(writer.workingPath) }
      // The same attempt goes on with what is there; another layout starts anew.
      try put("half a chunk", ".out.ome.zarr.partial-one/0/c/0/.tmp-0-1-2", in: folder)
      let again = try PyramidWriter.begin(layout, at: path, token: "one")
      #expect(try names(in: URL(fileURLWithPath: again.workingPath + "/0/c/0")) == ["0"])
      #expect(try again.openedLevel(0, in: again.workingPath) == VoxelBuffer<UInt8>(extent: [4, 4], repeating: 3))
      var other = layout
      other.chunk = [2, 2]
      let anew = try PyramidWriter.begin(other, at: path, token: "one")
      #expect(try anew.openedLevel(0, in: anew.workingPath) == VoxelBuffer<UInt8>(extent: [4, 4], repeating: 0))
      try anew.abandon()
      #expect(try names(in: folder).isEmpty)
    }
  }

  @Test func oneThreadAndManyWriteTheSameBytes() async throws {
    let voxels = patternVoxels([20, 70, 90], seed: 7, as: UInt16.self)
    var layout = PyramidLayout(extent: voxels.extent, voxelType: .uint16, space: PhysicalSpace(spacing: [1, 1, 1]))
    layout.chunk = [8, 16, 32]
    layout.levelCount = 3
    let fixed = layout
    try await withTemporaryFolder { folder in
      _ = try write(voxels, fixed, at: folder.path + "/one/image.zarr")
      let writer = try PyramidWriter.begin(fixed, at: folder.path + "/many/image.zarr")
      for level in writer.levels.indices {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for box in writer.tasks(level: level, voxels: 1).reversed() {
            group.addTask {
              if level == 0 { try writer.write(voxels.cropped(to: box), at: box.lower) } else { try writer.buildLevel(level, box) }
            }
          }
          try await group.waitForAll()
        }
      }
      try writer.finish()
      let paths = ["one", "many"].map { folder.path + "/\($0)/image.zarr" }
      let files = try FileManager.default.subpathsOfDirectory(atPath: paths[0]).sorted()
      #expect(try FileManager.default.subpathsOfDirectory(atPath: paths[1]).sorted() == files)
      for file in files { #expect(FileManager.default.contentsEqual(atPath: paths[0] + "/" + file, andPath: paths[1] + "/" + file)) }
    }
  }

  @Test func whatHasTheNameAlreadyIsKeptUnlessItIsToBeReplaced() throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/out.ome.zarr"
      let layout = PyramidLayout(extent: [4, 4], voxelType: .uint8, space: PhysicalSpace(spacing: [1, 1]))
      _ = try write(VoxelBuffer<UInt8>(extent: [4, 4], repeating: 1), layout, at: path)
      let writer = try PyramidWriter.begin(layout, at: path)
      try writer.write(VoxelBuffer<UInt8>(extent: [4, 4], repeating: 2), at: [0, 0])
      #expect(message { try writer.finish() }.contains("exists | choose another output"))
      #expect(try OMEImage.open(path).levels[0].source.read(Box(lower: [0, 0], upper: [1, 1]), as: UInt8.self).elements == [1])
      try writer.finish(replacing: true)
      #expect(try OMEImage.open(path).levels[0].source.read(Box(lower: [0, 0], upper: [1, 1]), as: UInt8.self).elements == [2])
      #expect(try names(in: folder) == ["out.ome.zarr"])
    }
  }

  @Test func layoutsThatCannotBeAreErrors() throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/a.zarr"
      let good = PyramidLayout(extent: [4, 4], voxelType: .uint8, space: PhysicalSpace(spacing: [1, 1]))
      var layouts = [PyramidLayout](repeating: good, count: 5)
      layouts[0].extent = [4]
      layouts[1].extent = [4, 0]
      layouts[2].chunk = [0, 4]
      layouts[3].space.spacing = [0, 1]
      layouts[4].levelCount = 0
      for layout in layouts { #expect(message { _ = try PyramidWriter.begin(layout, at: path) }.contains(path)) }
      let left = try names(in: folder)
      #expect(left.isEmpty)
    }
  }

  @Test(arguments: OMEVersion.allCases) func chunksAreAboutTwoMegabytes(version: OMEVersion) {
    for type in VoxelType.allCases {
      for rank in 2...3 {
        let bytes = PyramidLayout.standardChunk(rank: rank, type).count * type.size
        #expect((1 << 20...2 << 20).contains(bytes), "\(type)")
      }
    }
  }
}

extension PyramidWriter {
  /// All voxels of a level of the finished image, or of one that is still being written.
  fileprivate func openedLevel<Voxel: VoxelScalar>(_ level: Int, in folder: String? = nil) throws -> VoxelBuffer<Voxel> {
    let array = try ChunkedArray.open(at: "\(folder ?? path)/\(level)")
    return try array.read(array.extent.box, as: Voxel.self)
  }
}
