// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import Synchronization
import TestSupport
import Testing
import Transforms
import Volumes

struct BoxResamplerTests {
  private let space = PhysicalSpace(spacing: [1, 1, 1])

  @Test(arguments: [OutputInterpolation.linear, .nearest, .cubic])
  func aBulgeInsideABoxIsReadInFull(interpolation: OutputInterpolation) throws {
    var random = SeededGenerator(seed: 3)
    let extent: Extent = [48, 48, 48]
    let voxels = VoxelBuffer(extent: extent, elements: (0..<extent.count).map { _ in Float.random(in: 0...1000, using: &random) })
    let volume = LazyVolume(Volume(voxels: voxels, space: space), name: "volume")
    // The corners of the middle box stay; its inside comes from 15 voxels away.
    let lattice = SplineLattice(extent: extent, stride: 4)
    var field = SplineField(zeros: lattice, region: lattice.box)
    for index in ([3, 3, 3] as Extent).box.indices { field.coefficients.x[index.map { $0 + 6 }] = 15 }
    let bent = field
    let box = Box(lower: [16, 16, 16], upper: [32, 32, 32])
    for corner in Box(lower: [0, 0, 0], upper: [2, 2, 2]).indices {
      let voxel = corner.map { $0 == 0 ? 16.0 : 31 }
      #expect(abs(bent.displacement(at: voxel)[2]) < 1)
    }
    #expect(bent.displacement(at: [24, 24, 24])[2] > 14)
    let transform = ComposedTransform(affine: .identity(rank: 3), coarse: nil, fixedSpace: space)
    let resampler = BoxResampler(volume: volume, interpolation: interpolation, threads: 1) { [space] in
      transform.mapped($0, local: bent, to: space)
    }
    let whole = try resampler.values(over: extent.box)
    let part = try resampler.values(over: box)
    // Positions are rounded from another origin: a few may lie half-way between two voxels.
    let differing = zip(part.values.elements, whole.values.cropped(to: box).elements).count { abs($0 - $1) > 0.1 }
    #expect(differing <= (interpolation == .nearest ? box.count / 100 : 0), "\(differing) of \(box.count)")
    #expect(part.valid == whole.valid.cropped(to: box))
    // Here the bulge brings what lies outside the box.
    let straight = BoxResampler(volume: volume.cropped(to: box), interpolation: .nearest, threads: 1) { [space] in
      transform.mapped($0, local: bent, to: space.cropped(at: box.lower))
    }
    #expect(try straight.values(over: box).valid.elements.contains(0))
  }

  /// A volume too big to hold, whose voxels are known; notes the largest box read.
  private final class Slope: VoxelSource {
    let extent: Extent = [500, 500, 500]
    let voxelType = VoxelType.float32
    let chunk: Extent = [64, 64, 64]
    let largest = Mutex(0)

    func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
      largest.withLock { $0 = max($0, box.count) }
      var values = [Float](repeating: 0, count: box.count)
      var at = 0
      for z in box[0] {
        for y in box[1] {
          for x in box[2] {
            values[at] = Float(z) + 2 * Float(y) - Float(x)
            at += 1
          }
        }
      }
      return VoxelBuffer(extent: box.extent, elements: values).converted(to: type)
    }
  }

  @Test func aTurnedBoxIsReadInPartsThatGiveTheSame() throws {
    let slope = Slope()
    let volume = LazyVolume(source: slope, space: space, name: "slope")
    // A row of voxels along the diagonal: all of it at once would be 400³ voxels.
    let affine = AffineTransform(matrix: [[1, 0, 2], [0, 1, 2], [0, 0, 2]], offset: [20.25, 30.5, 40.75])
    let transform = ComposedTransform(affine: affine, coarse: nil, fixedSpace: space)
    let box = Box(lower: [0, 0, 0], upper: [1, 2, 200])
    let resampler = BoxResampler(volume: volume, interpolation: .linear, threads: 1) { [space] in
      transform.mapped($0, local: nil, to: space)
    }
    let (values, valid) = try resampler.values(over: box)
    #expect(valid.elements.allSatisfy { $0 == 1 })
    for (voxel, value) in zip(box.indices, values.elements) {
      let place = affine(voxel.map(Double.init))
      #expect(abs(Double(value) - (place[0] + 2 * place[1] - place[2])) < 0.01)
    }
    let largest = slope.largest.withLock { $0 }
    #expect(largest <= 16 << 20 && largest > 0)
  }

  @Test func theMovingImageIsAveragedOnlyWhereItIsMuchFiner() {
    func factors(_ spacing: [Double], _ fixed: [Double], extent: Extent = [256, 256, 256], affine: AffineTransform = .identity(rank: 3))
      -> [Int]
    {
      let buffer = ArraySource(VoxelBuffer<UInt8>(extent: extent))
      let moving = LazyVolume(source: buffer, space: PhysicalSpace(spacing: spacing), name: "moving")
      return ChunkedRegistration.antialiasingFactors(
        moving, for: ComposedTransform(affine: affine, coarse: nil, fixedSpace: PhysicalSpace(spacing: fixed)))
    }
    #expect(factors([1, 1, 1], [1, 1, 1]) == [1, 1, 1])
    #expect(factors([1, 1, 1], [4, 4, 4]) == [4, 4, 4])
    #expect(factors([1, 1, 1], [7.9, 3.9, 1.95]) == [8, 4, 2])
    #expect(factors([1, 1, 1], [7, 3, 1.5]) == [4, 2, 1])
    #expect(factors([4, 1, 1], [4, 4, 4]) == [1, 4, 4])
    #expect(factors([1, 1, 1], [4, 4, 4], extent: [6, 8, 16]) == [2, 4, 4])
    let swap = AffineTransform(matrix: [[0, 0, 1], [0, 1, 0], [1, 0, 0]], offset: [0, 0, 0])
    #expect(factors([1, 1, 1], [4, 1, 1], affine: swap) == [1, 1, 4])
    // A turn by itself does not make voxels larger.
    let turn = AffineTransform(matrix: [[0.7071, -0.7071, 0], [0.7071, 0.7071, 0], [0, 0, 1]], offset: [0, 0, 0])
    #expect(factors([1, 1, 1], [1, 1, 1], affine: turn) == [1, 1, 1])
  }
}
