// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

struct DistributionTests {
  @Test func quantilesAreInterpolated() {
    let spread = Distribution(of: [4, 1, 3, 2, 5])
    #expect(spread.count == 5 && spread.mean == 3 && spread.median == 3 && spread.largest == 5)
    #expect(abs(spread.percentile95 - 4.8) < 1e-12)
    #expect(Distribution(of: [1, 2]).median == 1.5)
    #expect(Distribution(of: []).mean == 0)
  }
}

struct LabelOverlapTests {
  private func volume(_ labels: [UInt16]) -> LazyVolume {
    LazyVolume(
      source: ArraySource(VoxelBuffer(extent: [1, 2, 4], elements: labels)), space: PhysicalSpace(spacing: [1, 1, 1]), name: "labels")
  }

  @Test func diceAndJaccardAreThoseCountedByHand() throws {
    let overlap = try LabelOverlap(volume([1, 1, 1, 0, 2, 2, 0, 3]), volume([1, 1, 0, 0, 2, 2, 2, 0]))
    #expect(overlap.entries.map(\.label) == [1, 2, 3])
    #expect(overlap.entries.map(\.dice) == [0.8, 0.8, 0] as [Double])
    let twoThirds = 2.0 / 3
    #expect(overlap.entries.map(\.jaccard) == [twoThirds, twoThirds, 0] as [Double])
    let mean = 8.0 / 15
    #expect(abs(overlap.meanDice - mean) < 1e-12)
  }

  @Test func otherExtentsAreRefused() {
    let small = LazyVolume(
      source: ArraySource(VoxelBuffer<UInt16>(extent: [1, 1, 4])), space: PhysicalSpace(spacing: [1, 1, 1]), name: "small")
    #expect(throws: PipelineError.self) { try LabelOverlap(volume([0, 0, 0, 0, 0, 0, 0, 0]), small) }
  }
}

struct LandmarkErrorTests {
  @Test func oneFileAndTwoFilesSayTheSame() throws {
    try withTemporaryFolder { folder in
      func write(_ name: String, _ text: String) throws -> String {
        let path = folder.appendingPathComponent(name).path
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
      }
      let both = try write("both.csv", "label,fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x\na,1,2,3,4,5,6\nb,7,8,9,10,11,12.5\n")
      let fixed = try write("fixed.csv", "Z,Y,X\n1,2,3\n7,8,9\n")
      let moving = try write("moving.csv", "x,y,z\n6,5,4\n12.5,11,10\n\n")
      let table = try LandmarkPairs.read(contentsOf: both)
      #expect(table == (try LandmarkPairs.read(contentsOf: fixed + "," + moving)))
      let fixedPoints: [[Double]] = [[1, 2, 3], [7, 8, 9]]
      let lastMoving: [Double] = [10, 11, 12.5]
      #expect(table.fixed == fixedPoints)
      #expect(table.moving[1] == lastMoving)
      let short = try write("short.csv", "z,y,x\n1,2,3\n")
      let wrong = try write("wrong.csv", "z,y,x\n1,2,three\n")
      let flat = try write("flat.csv", ",X,Y\n0,1,2\n")
      #expect(throws: TransformError.self) { try LandmarkPairs.read(contentsOf: fixed + "," + short) }
      #expect(throws: TransformError.self) { try LandmarkPairs.read(contentsOf: wrong + "," + short) }
      #expect(throws: TransformError.self) { try LandmarkPairs.read(contentsOf: flat + "," + short) }
      #expect(throws: TransformError.self) { try LandmarkPairs.read(contentsOf: both + "," + both + "," + both) }
      let pixels = try LandmarkPairs.read(contentsOf: flat + "," + flat).fixed
      #expect(pixels == [[2, 1]] as [[Double]])
    }
  }

  @Test func withoutTransformsTheDistanceIsThatOfThePairs() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("pairs.csv").path
      try Data("fixed_y,fixed_x,moving_y,moving_x\n0,0,3,4\n1,1,1,1\n".utf8).write(to: URL(fileURLWithPath: path))
      let errors = try LandmarkErrors(of: LandmarkPairs.read(contentsOf: path), through: nil, voxels: false)
      #expect(errors.before.mean == 2.5 && errors.before.largest == 5 && errors.after == nil)
    }
  }
}

struct ImageSimilarityTests {
  private func pyramid(_ shift: Double) throws -> VolumePyramid {
    let extent: Extent = [40, 44, 48]
    var generator = SeededGenerator(seed: 4)
    let voxels = extent.box.indices.map { index -> Float in
      let (z, y, x) = (Double(index[0]) - 20, Double(index[1]) - 22, Double(index[2]) - 24 - shift)
      let inside = z * z + y * y + x * x < 225
      let texture: Double = 30 * sin(0.7 * x) * cos(0.5 * y)
      let noise: Double = Double.random(in: -1...1, using: &generator)
      return Float(inside ? 110 + texture : 15 + noise)
    }
    let volume = Volume(voxels: VoxelBuffer(extent: extent, elements: voxels), space: PhysicalSpace(spacing: [1, 1, 1]))
    return VolumePyramid(levels: [LazyVolume(volume, name: "image")])
  }

  @Test func anImageIsFullyLikeItselfAndLessLikeItsShiftedCopy() throws {
    let image = try pyramid(0)
    let same = try ImageSimilarity(image, image.finest)
    #expect(same.correlation > 0.999999)
    #expect(same.foregroundCorrelation > 0.999999)
    #expect(same.localCorrelation > 0.999)
    // About the ball of radius 15.
    #expect(same.foregroundVoxels > 10_000 && same.foregroundVoxels < 25_000)
    let shifted = try ImageSimilarity(image, try pyramid(3).finest)
    #expect(shifted.localCorrelation < 0.7 && shifted.foregroundCorrelation < 0.9)
  }
}
