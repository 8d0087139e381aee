// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Pyramids
import TestSupport
import Testing
import Transforms
import Volumes

/// Images brought onto other voxels than those of the image that was registered.
struct OutputGridTests {
  private static let pair = RegisteredRun.pair

  /// Writes an image to be like.
  private func write(_ extent: Extent, _ space: PhysicalSpace, to path: String) throws {
    try PyramidWriter.begin(PyramidLayout(extent: extent, voxelType: .uint8, space: space), at: path, token: "run").finish()
  }

  private func files(_ folder: URL, _ name: String, _ change: (inout ApplyOptions) -> Void) async throws -> [String: Data] {
    let path = folder.appendingPathComponent(name).path
    _ = try await application(folder, change).apply(to: Self.pair.images.moving, output: path)
    return try filesWithoutName(path)
  }

  private func filesWithoutName(_ path: String) throws -> [String: Data] {
    try resultFiles(path).filter { $0.key != "zarr.json" }
  }

  @Test func likeTheFixedImageItIsThePlainResult() async throws {
    try await RegisteredRun.with { folder in
      let like = folder.path + "/like.ome.zarr"
      try write(Self.pair.extent, Self.pair.fixedSpace, to: like)
      let plain = try await files(folder, "plain.ome.zarr") { _ in }
      let alike = try await files(folder, "alike.ome.zarr") { $0.like = like }
      #expect(plain.count > 1 && plain == alike)
      // The same number of micrometres in millimetres.
      try write(Self.pair.extent, Self.pair.fixedSpace.converted(to: .millimeter), to: like + "2")
      _ = try await application(folder) { $0.like = like + "2" }.apply(
        to: Self.pair.images.moving, output: folder.path + "/again.ome.zarr")
      let (a, b) = try (readAll(folder.path + "/plain.ome.zarr", as: Float.self), readAll(folder.path + "/again.ome.zarr", as: Float.self))
      #expect(largestDifference(a, b) <= 1)
    }
  }

  /// What the moving image, interpolated, is where the map leads from each voxel of a result.
  private func expectMoving(at output: String, _ folder: URL) throws {
    let result = try StoredImage.open(output).levels[0]
    let transforms = try TransformFolder.open(folder.path + "/out")
    let moving = Self.pair.moving
    let values = try readAll(output, as: Float.self)
    var random = SeededGenerator(seed: 3)
    var inside = 0
    for _ in 0..<400 {
      let voxel = (0..<3).map { Int.random(in: 0..<values.extent[$0], using: &random) }
      let fixed = transforms.transform.fixedSpace.index(of: result.space.world(of: voxel.map(Double.init)))
      let place = try transforms.movingSpace.index(of: transforms.map(fixedVoxels: [fixed])[0])
      guard (0..<3).allSatisfy({ place[$0] > 0.01 && place[$0] < Double(moving.extent[$0]) - 1.01 }) else { continue }
      inside += 1
      var expected = 0.0
      for corner in Box(lower: [0, 0, 0], upper: [2, 2, 2]).indices {
        let first = place.map { Int($0) }
        let weight = (0..<3).map { corner[$0] == 1 ? place[$0] - Double(first[$0]) : 1 - place[$0] + Double(first[$0]) }
        // As it is stored: whole numbers.
        expected += weight.reduce(1, *) * Double(moving[(0..<3).map { first[$0] + corner[$0] }].rounded())
      }
      #expect(abs(Double(values[voxel]) - expected) < 1.5, "\(voxel)")
    }
    #expect(inside > 100)
  }

  @Test func finerTurnedAndLargerResultsShowTheMovingImageWhereTheMapLeads() async throws {
    try await RegisteredRun.with { folder in
      let output = folder.path + "/result.ome.zarr"
      var space = Self.pair.fixedSpace
      space.direction = [[1, 0, 0], [0, cos(0.3), -sin(0.3)], [0, sin(0.3), cos(0.3)]]
      space.origin = [3, 5, -2]
      try write([20, 30, 36], space, to: folder.path + "/turned.ome.zarr")
      let kinds: [(inout ApplyOptions) -> Void] = [
        { $0.spacing = [0.9, 0.7, 1.3] }, { $0.cover = .union }, { ($0.cover, $0.spacing) = (.union, [1, 1.1, 0.8]) },
        { $0.like = folder.path + "/turned.ome.zarr" },
      ]
      for kind in kinds {
        _ = try await application(folder) {
          kind(&$0)
          $0.overwrite = true
        }.apply(to: Self.pair.images.moving, output: output)
        try expectMoving(at: output, folder)
      }
    }
  }

  @Test func anotherSpacingKeepsTheEdges() async throws {
    try await RegisteredRun.with { folder in
      let output = folder.path + "/coarse.ome.zarr"
      _ = try await application(folder) { $0.spacing = [2.4, 4, 2] }.apply(to: Self.pair.images.moving, output: output)
      let level = try StoredImage.open(output).levels[0]
      // 32 × 1.2 µm, 44 and 40 × 1 µm.
      #expect(level.source.extent == [16, 11, 20] && level.space.spacing == [2.4, 4, 2])
      #expect(zip(level.space.origin, [0.6, 1.5, 0.5]).allSatisfy { abs($0 - $1) < 1e-9 })
      // Averaged first: inside as bright as the fine one, and no voxel as bright as the brightest of that.
      let fine = try readAll(folder.path + "/out/registered.ome.zarr", as: Float.self)
        .cropped(to: Box(lower: [6, 12, 8], upper: [26, 32, 32]))
      let coarse = try readAll(output, as: Float.self).cropped(to: Box(lower: [3, 3, 4], upper: [13, 8, 16]))
      func mean(_ values: VoxelBuffer<Float>) -> Float { values.elements.reduce(0, +) / Float(values.count) }
      #expect(abs(mean(coarse) / mean(fine) - 1) < 0.03 && coarse.elements.max()! < fine.elements.max()!)
    }
  }

  @Test(arguments: [ApplyOptions.Target.fixed, .moving]) func aUnionHoldsAllOfWhatIsMoved(target: ApplyOptions.Target) async throws {
    try await RegisteredRun.with { folder in
      let output = folder.path + "/union.ome.zarr"
      let image = target == .fixed ? Self.pair.images.moving : Self.pair.images.fixed
      _ = try await application(folder) { ($0.target, $0.cover) = (target, .union) }.apply(to: image, output: output)
      let level = try StoredImage.open(output).levels[0]
      let transforms = try TransformFolder.open(folder.path + "/out")
      let own =
        target == .fixed ? (transforms.fixedExtent, transforms.transform.fixedSpace) : (transforms.movingExtent, transforms.movingSpace)
      var random = SeededGenerator(seed: 8)
      var points = (0..<300).map { _ in (0..<3).map { Double(Int.random(in: 0..<Self.pair.extent[$0], using: &random)) } }
      for i in 0..<150 { points[i][i % 3] = i % 2 == 0 ? 0 : Double(Self.pair.extent[i % 3] - 1) }
      let there =
        target == .fixed
        ? try transforms.invert(world: points.map(transforms.movingSpace.world(of:))).voxels.map(transforms.transform.fixedSpace.world(of:))
        : try transforms.map(fixedVoxels: points)
      for point in there + own.1.corners(of: own.0) {
        let voxel = level.space.index(of: point)
        #expect((0..<3).allSatisfy { voxel[$0] > -0.1 && voxel[$0] < Double(level.source.extent[$0]) - 0.9 }, "\(voxel)")
      }
      #expect(level.source.extent.count > own.0.count)
    }
  }

  /// A warp of single nodes that are many pixels off, at the border and elsewhere: a few places of a face tell nothing of them.
  @Test(arguments: [ApplyOptions.Target.fixed, .moving], 0..<3)
  func noPixelOfWhatIsMovedIsOutsideTheUnionWhereverTheWarpHasItsPeaks(target: ApplyOptions.Target, seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let space = flatLattice.space.liftedToThreeAxes()
    var warp = VectorField(zeros: [1, 40, 30])
    for _ in 0..<12 {
      let place = [0, Int.random(in: 0..<40, using: &random), [0, 1, 14, 29][Int.random(in: 0..<4, using: &random)]]
      warp.y[place] = Float.random(in: -4...4, using: &random)
      warp.x[place] = Float.random(in: -4...4, using: &random)
    }
    let coarse = DisplacementField(vectors: warp, space: PhysicalSpace(spacing: [1, 1, 1.5], origin: [0, 2, 3], unit: .micrometer))
    try await withFlatTransforms(AffineTransform(matrix: [[1, 0.1], [-0.1, 1]], offset: [2, -4]), coarse: coarse) { folder in
      let output = folder.path + "/union.ome.zarr"
      let pixels = patternVoxels(flatLattice.extent, seed: 4, as: UInt8.self)
      _ = try await application(folder) { ($0.target, $0.cover) = (target, .union) }.apply(
        to: image(pixels, flatLattice.space), output: output)
      let level = try StoredImage.open(output).levels[0]
      let transforms = try TransformFolder.open(folder.path + "/out")
      // Places of the fixed side, and where the map leads from there.
      let fixed = Box(lower: [0, -60, -60], upper: [1, 220, 240]).indices.map { [0, Double($0[1]) / 2, Double($0[2]) / 2] }
      let moving = try transforms.map(fixedVoxels: fixed)
      var inside = 0
      for (voxel, place) in zip(fixed, moving) {
        let (from, to) = target == .fixed ? (space.index(of: place), space.world(of: voxel)) : (voxel, place)
        guard (1..<3).allSatisfy({ from[$0] >= 0 && from[$0] <= Double(flatLattice.extent[$0 - 1] - 1) }) else { continue }
        inside += 1
        let there = level.space.index(of: Array(to.dropFirst()))
        #expect((0..<2).allSatisfy { there[$0] > -1e-2 && there[$0] < Double(level.source.extent[$0]) - 0.99 }, "\(voxel) at \(there)")
      }
      #expect(inside > 10_000)
      // No more is added than displacements come to: 4 µm, 8 pixels, to each side, and what is registered there.
      #expect((0..<2).allSatisfy { level.source.extent[$0] < flatLattice.extent[$0] + 60 }, "\(level.source.extent)")
    }
  }

  /// By whole pixels: each pixel is known.
  @Test(arguments: [ApplyOptions.Target.fixed, .moving], OutputInterpolation.allCases)
  func aShiftedPlaneIsWholeInItsUnion(target: ApplyOptions.Target, interpolation: OutputInterpolation) async throws {
    // 6 pixels down and 10 to the left, from fixed to moving.
    try await withFlatTransforms(.translation([3, -5])) { folder in
      let pixels = patternVoxels(flatLattice.extent, seed: 4, as: UInt16.self)
      let output = folder.path + "/shifted.ome.zarr"
      let result = try await application(folder) {
        ($0.target, $0.cover, $0.interpolation, $0.fill) = (target, .union, interpolation, 9)
      }.apply(to: image(pixels, flatLattice.space), output: output)
      #expect(result.largestInverseResidual <= 0.01)
      let level = try StoredImage.open(output).levels[0]
      #expect(level.source.extent == [86, 100])
      let origin = target == .fixed ? [-1.0, 3] : [2, -2]
      #expect(zip(level.space.origin, origin).allSatisfy { abs($0 - $1) < 1e-9 })
      // The shifted image begins here in the result.
      let start = target == .fixed ? [0, 10] : [6, 0]
      let values = try readAll(output, as: UInt16.self)
      for index in values.extent.box.indices {
        let from = zip(index, start).map(-)
        let expected = flatLattice.extent.box.contains(from) ? pixels[from] : 9
        #expect(abs(Int(values[index]) - Int(expected)) <= (target == .fixed ? 0 : 700), "\(index)")
      }
    }
  }

  @Test func whatLiesOutsideHasTheFill() async throws {
    try await RegisteredRun.with { folder in
      let ones = VoxelBuffer<Int16>(extent: Self.pair.extent, repeating: 1)
      for interpolation in OutputInterpolation.allCases {
        let output = folder.path + "/filled.ome.zarr"
        _ = try await application(folder) {
          ($0.interpolation, $0.fill, $0.cover, $0.overwrite) = (interpolation, -1000, .union, true)
        }.apply(to: image(ones, Self.pair.movingSpace), output: output)
        let values = try readAll(output, as: Int16.self)
        #expect(Set(values.elements) == [1, -1000] && values.elements[0] == -1000, "\(interpolation)")
      }
    }
  }

  @Test(arguments: [OutputInterpolation.linear, .labelVote]) func channelsAndTimesAreKeptAndAgreeWithOneByOne(
    interpolation: OutputInterpolation
  ) async throws {
    try await RegisteredRun.with { folder in
      let extent = Self.pair.extent
      let parts = (0..<6).map { patternVoxels(extent, seed: $0, as: UInt16.self) }
      let all = VoxelBuffer(extent: Extent([2, 3] + extent.lengths), elements: parts.flatMap(\.elements))
      let output = folder.path + "/all.ome.zarr"
      let change = { (options: inout ApplyOptions) in (options.interpolation, options.spacing) = (interpolation, [1, 1.5, 1]) }
      _ = try await application(folder, change).apply(to: image(all, Self.pair.movingSpace, axes: "tczyx"), output: output)
      let opened = try StoredImage.open(output)
      #expect(opened.axes.map(\.name) == ["t", "c", "z", "y", "x"])
      let values = try opened.levels[0].source.read(opened.levels[0].source.extent.box, as: UInt16.self)
      for (number, part) in parts.enumerated() {
        let alone = folder.path + "/\(number).ome.zarr"
        _ = try await application(folder, change).apply(to: image(part, Self.pair.movingSpace), output: alone)
        let expected = try readAll(alone, as: UInt16.self).elements
        #expect(Array(values.elements[number * expected.count..<(number + 1) * expected.count]) == expected)
      }
    }
  }

  @Test func anotherResolutionOfTheSameVolumeLandsAtTheSamePlace() async throws {
    try await RegisteredRun.with { folder in
      let half = try LazyVolume(Volume(voxels: Self.pair.moving, space: Self.pair.movingSpace), name: "moving").downsampled(by: [2, 2, 2])
        .load()
      let (coarse, fine) = (folder.path + "/coarse.ome.zarr", folder.path + "/out/registered.ome.zarr")
      _ = try await application(folder).apply(to: image(half.voxels, half.space), output: coarse)
      let inner = Box(lower: [6, 8, 8], upper: [26, 36, 32])
      let (a, b) = try (readAll(coarse, as: Float.self).cropped(to: inner), readAll(fine, as: Float.self).cropped(to: inner))
      func difference(_ shift: [Int]) -> Float {
        let moved = b.cropped(to: b.extent.box.expanded(by: [-2, -2, -2]).translated(by: shift))
        let still = a.cropped(to: a.extent.box.expanded(by: [-2, -2, -2]))
        return zip(moved.elements, still.elements).map { abs($0 - $1) }.reduce(0, +)
      }
      // Smoother, but nowhere else: half a voxel off would do better one voxel away.
      for axis in 0..<3 {
        for step in [-1, 1] { #expect(difference([0, 0, 0]) < 0.8 * difference((0..<3).map { $0 == axis ? step : 0 })) }
      }
    }
  }

  /// 28 bytes a control point, 20 a voxel: a grid may begin far from the fixed image and reach over it.
  @Test(arguments: 0..<12) func noBoxTakesMoreThanIsCountedWhereverItLies(seed: UInt64) async throws {
    try await RegisteredRun.with { folder in
      var random = SeededGenerator(seed: seed)
      let transforms = try TransformFolder.open(folder.path + "/out")
      let turn = Double.random(in: -1...1, using: &random)
      let grid = OutputGrid(
        extent: Extent([100, 300, 200].map { Int.random(in: 1...$0, using: &random) }),
        space: PhysicalSpace(
          spacing: (0..<3).map { _ in Double.random(in: 0.3...4, using: &random) },
          origin: (0..<3).map { _ in Double.random(in: -200...40, using: &random) },
          direction: [[1, 0, 0], [0, cos(turn), -sin(turn)], [0, sin(turn), cos(turn)]], unit: .micrometer))
      let counted = ApplicationMap(transforms: transforms, target: .fixed, grid: grid).bytesOfBox
      for box in grid.extent.box.tiles(of: [64, 128, 128]) {
        let part = transforms.transform.fixedPart(of: box, in: grid.space, extent: transforms.fixedExtent)
        let points = try #require(try transforms.local(over: part)).region.count
        #expect(points * 28 + box.count * 20 <= counted, "\(box) of \(grid)")
      }
    }
  }

  @Test func threadsAndMemoryChangeNothing() async throws {
    try await RegisteredRun.with { folder in
      var space = Self.pair.fixedSpace
      space.direction = [[1, 0, 0], [0, cos(0.3), -sin(0.3)], [0, sin(0.3), cos(0.3)]]
      space.spacing = [0.3, 0.3, 0.3]
      try write([80, 150, 140], space, to: folder.path + "/like.ome.zarr")
      for interpolation in [OutputInterpolation.linear, .labelVote] {
        let results = try await [1, 2].asyncMap { threads in
          try await files(folder, "\(interpolation)\(threads).ome.zarr") {
            ($0.threads, $0.like, $0.interpolation) = (threads, folder.path + "/like.ome.zarr", interpolation)
            if threads == 1 { $0.memory = MemoryBudget("150MB") }
          }
        }
        #expect(results[0].count > 4 && results[0] == results[1])
      }
    }
  }
}

extension Array {
  fileprivate func asyncMap<Result>(_ body: (Element) async throws -> Result) async throws -> [Result] {
    var results: [Result] = []
    for element in self { results.append(try await body(element)) }
    return results
  }
}
