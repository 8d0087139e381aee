// SPDX-License-Identifier: Apache-2.0

import Grids
import Synchronization
import TestSupport
import Testing
import Volumes

/// Crop, padding, order of axes, format and concatenation, in any order on one another.
struct LazyGraphTests {
  /// A source that notes the boxes that are read of it.
  private final class Watched: VoxelSource {
    let base: ArraySource<Int16>
    let boxes = Mutex<[Box]>([])
    var extent: Extent { base.extent }
    var voxelType: VoxelType { base.voxelType }
    var chunk: Extent { Extent([4, 4, 4]) }

    init(_ voxels: VoxelBuffer<Int16>) { base = ArraySource(voxels) }

    func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
      boxes.withLock { $0.append(box) }
      return try base.read(box, as: type)
    }
  }

  private static func noise(_ extent: Extent, _ random: inout SeededGenerator) -> VoxelBuffer<Int16> {
    VoxelBuffer(extent: extent, elements: (0..<extent.count).map { _ in Int16.random(in: -300...300, using: &random) })
  }

  /// A step on a lazy volume, and what it makes of the voxels themselves.
  private func step(_ volume: LazyVolume, _ voxels: VoxelBuffer<Float>, _ random: inout SeededGenerator) -> (LazyVolume, VoxelBuffer<Float>)
  {
    let lengths = voxels.extent.lengths
    switch Int.random(in: 0..<5, using: &random) {
    case 0:
      let lower = lengths.map { Int.random(in: 0..<$0, using: &random) }
      let box = Box(lower: lower, upper: zip(lower, lengths).map { Int.random(in: $0 + 1...$1, using: &random) })
      return (volume.cropped(to: box), voxels.cropped(to: box))
    case 1:
      let (lower, upper) = (
        lengths.map { _ in Int.random(in: 0...3, using: &random) }, lengths.map { _ in Int.random(in: 0...3, using: &random) }
      )
      var result = VoxelBuffer<Float>(extent: Extent(lengths.indices.map { lower[$0] + lengths[$0] + upper[$0] }), repeating: 7)
      result.copy(from: voxels, box: voxels.extent.box, at: lower)
      return (volume.padded(lower: lower, upper: upper, value: 7), result)
    case 2:
      let axes = Array(lengths.indices).shuffled(using: &random)
      let extent = Extent(axes.map { lengths[$0] })
      let result = VoxelBuffer<Float>(
        extent: extent,
        elements: extent.box.indices.map { at in
          var index = at
          for (new, old) in axes.enumerated() { index[old] = at[new] }
          return voxels[index]
        })
      return (volume.permuted(axes), result)
    case 3:
      return (volume.cast(to: .uint8), voxels.mapVoxels { min(max($0.rounded(), 0), 255) })
    default:
      let axis = Int.random(in: 0..<lengths.count, using: &random)
      // Its end, then the whole: parts of unequal lengths.
      var lower = lengths.map { _ in 0 }
      lower[axis] = Int.random(in: 0..<lengths[axis], using: &random)
      let end = Box(lower: lower, upper: lengths)
      var both = lengths
      both[axis] += end.extent[axis]
      var result = VoxelBuffer<Float>(extent: Extent(both))
      var second = lengths.map { _ in 0 }
      result.copy(from: voxels, box: end, at: second)
      second[axis] = end.extent[axis]
      result.copy(from: voxels, box: voxels.extent.box, at: second)
      return (.concatenated([volume.cropped(to: end), volume], along: axis), result)
    }
  }

  @Test(arguments: 0..<40) func stepsOnOneAnotherGiveTheVoxelsOfStepsDoneAtOnce(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let extent = Extent((0..<3).map { _ in Int.random(in: 2...9, using: &random) })
    let stored = Self.noise(extent, &random)
    let watched = Watched(stored)
    var volume = LazyVolume(
      source: watched, space: PhysicalSpace(spacing: [3, 2, 1], origin: [5, 6, 7], direction: [[0, 1, 0], [1, 0, 0], [0, 0, 1]]),
      name: "noise")
    var voxels = stored.converted(to: Float.self)
    for _ in 0..<Int.random(in: 1...5, using: &random) where voxels.count < 20_000 { (volume, voxels) = step(volume, voxels, &random) }
    #expect(watched.boxes.withLock { $0.isEmpty })
    #expect(volume.extent == voxels.extent)
    #expect(try volume.read(volume.extent.box) == voxels)
    let lower = voxels.extent.lengths.map { Int.random(in: 0..<$0, using: &random) }
    let box = Box(lower: lower, upper: zip(lower, voxels.extent.lengths).map { Int.random(in: $0 + 1...$1, using: &random) })
    #expect(try volume.read(box) == voxels.cropped(to: box))
  }

  /// A voxel keeps its place in the world, however it is reached.
  @Test func voxelsStayWhereTheyAre() throws {
    var random = SeededGenerator(seed: 4)
    let space = PhysicalSpace(spacing: [3, 2, 1], origin: [5, 6, 7], direction: [[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    let volume = LazyVolume(source: ArraySource(Self.noise([5, 6, 7], &random)), space: space, name: "noise")
    let at = space.world(of: [1, 2, 3])
    #expect(volume.padded(lower: [2, 1, 0], upper: [0, 0, 4]).space.world(of: [3, 3, 3]) == at)
    #expect(volume.permuted([2, 0, 1]).space.world(of: [3, 1, 2]) == at)
    #expect(LazyVolume.concatenated([volume, volume], along: 1).space.world(of: [1, 2, 3]) == at)
    #expect(volume.permuted([2, 0, 1]).cropped(to: Box(lower: [1, 1, 1], upper: [3, 3, 3])).space.world(of: [2, 0, 1]) == at)
  }

  /// Of parts that a box does not meet nothing is read, and each of the others once.
  @Test func onlyPartsThatABoxMeetsAreRead() throws {
    var random = SeededGenerator(seed: 5)
    let parts = (0..<9).map { _ in Watched(Self.noise([1, 8, 8], &random)) }
    let whole = ConcatenatedSource(parts, along: 0)
    _ = try whole.read(Box(lower: [3, 2, 0], upper: [6, 4, 8]), as: Int16.self)
    #expect(parts.map { $0.boxes.withLock { $0.count } } == [0, 0, 0, 1, 1, 1, 0, 0, 0])
  }
}
