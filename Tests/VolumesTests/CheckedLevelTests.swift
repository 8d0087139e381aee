// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Synchronization
import TestSupport
import Testing
import Volumes

/// What a level of a foreign pyramid has to show before it is read in place of the finest one.
struct CheckedLevelTests {
  /// Voxels in memory, and whether they were read.
  private final class Watched: VoxelSource {
    let voxels: VoxelBuffer<Float>
    let read = Mutex(0)
    init(_ voxels: VoxelBuffer<Float>) { self.voxels = voxels }
    var extent: Extent { voxels.extent }
    var voxelType: VoxelType { .float32 }
    var chunk: Extent { voxels.extent }
    func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
      read.withLock { $0 += box.count }
      return voxels.cropped(to: box).converted(to: type)
    }
  }

  /// Spots of about three voxels on a slope, with noise.
  private func picture(_ extent: Extent, seed: UInt64) -> VoxelBuffer<Float> {
    var generator = SeededGenerator(seed: seed)
    let spots = (0..<extent.count / 400).map { _ in (0..<3).map { Double.random(in: 0..<Double(extent[$0]), using: &generator) } }
    var voxels = VoxelBuffer<Float>(extent: extent)
    for (i, index) in extent.box.indices.enumerated() {
      let near = spots.reduce(0.0) { sum, spot in
        let squares = (0..<3).reduce(0.0) { $0 + (Double(index[$1]) - spot[$1]) * (Double(index[$1]) - spot[$1]) }
        return sum + (squares < 100 ? exp(-squares / 18) : 0)
      }
      voxels.elements[i] = Float(100 + index[2] + Int(1000 * near) + Int.random(in: -20...20, using: &generator))
    }
    return voxels
  }

  /// The coarse image that a pyramid gives, and whether its level was taken.
  private func downsampled(_ fine: VoxelBuffer<Float>, _ level: VoxelBuffer<Float>, factor: Int, origin: Double) throws -> (
    VoxelBuffer<Float>, Bool
  ) {
    let (source, watched) = (Watched(fine), Watched(level))
    let space = PhysicalSpace(spacing: [1, 1, 1])
    let coarse = PhysicalSpace(spacing: Array(repeating: Double(factor), count: 3), origin: Array(repeating: origin, count: 3))
    let pyramid = VolumePyramid(levels: [
      LazyVolume(source: source, space: space, name: "0"), LazyVolume(source: watched, space: coarse, name: "1"),
    ])
    let result = pyramid.downsampled(by: [factor, factor, factor])
    #expect(result.space == space.downsampled(by: [factor, factor, factor]))
    let compared = watched.read.withLock { $0 }
    let voxels = try result.load().voxels
    #expect(compared == 0)
    let taken = source.read.withLock { $0 } < fine.extent.count
    return (voxels, taken)
  }

  @Test(arguments: [2, 4], [UInt64(1), 2, 3])
  func aLevelIsTakenWhereItShowsTheMean(factor: Int, seed: UInt64) throws {
    let fine = picture([80, 72, 90], seed: seed)
    let mean = try MeanDownsampledSource(base: ArraySource(fine), factors: [factor, factor, factor]).read(
      Extent([80, 72, 90]).dividedRoundingUp(by: [factor, factor, factor]).box, as: Float.self
    ).mapVoxels { $0.rounded() }
    var strided = mean
    for (i, index) in mean.extent.box.indices.enumerated() { strided.elements[i] = fine[index.map { $0 * factor }] }
    // The mean over voxels about each second one: smooth, and off by half a voxel.
    var about = mean
    for (i, index) in mean.extent.box.indices.enumerated() {
      let box = Box(lower: index.map { $0 * factor - 1 }, upper: index.map { $0 * factor + 2 }).intersection(fine.extent.box)
      about.elements[i] = box.indices.reduce(0) { $0 + fine[$1] } / Float(box.count)
    }
    let half = Double(factor - 1) / 2
    for origin in [half, 0] {
      let (voxels, taken) = try downsampled(fine, mean, factor: factor, origin: origin)
      #expect(taken && voxels == mean)
      for level in [strided, about, picture(mean.extent, seed: seed + 10)] {
        let (voxels, taken) = try downsampled(fine, level, factor: factor, origin: origin)
        #expect(!taken && zip(voxels.elements, mean.elements).allSatisfy { abs($0 - $1) <= 0.5 })
      }
    }
    // Brighter by a constant factor, as some writers rescale: the same picture.
    #expect(try downsampled(fine, mean.mapVoxels { $0 * 2 + 5 }, factor: factor, origin: half).1)
    let flat = fine.mapVoxels { _ in Float(7) }
    #expect(try downsampled(flat, mean.mapVoxels { _ in Float(7) }, factor: factor, origin: half).1)
  }
}
