// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing
import Transforms

@Suite struct LandmarkTests {
  private func points(_ count: Int, rank: Int, seed: UInt64 = 3) -> [[Double]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in (0..<rank).map { _ in Double.random(in: -50...50, using: &generator) } }
  }

  private func largestError(_ map: AffineTransform, _ fixed: [[Double]], _ moving: [[Double]]) -> Double {
    var largest = 0.0
    for (point, partner) in zip(fixed, moving) {
      for (a, b) in zip(map(point), partner) { largest = max(largest, abs(a - b)) }
    }
    return largest
  }

  private func similarity(rank: Int) -> AffineTransform {
    let (c, s) = (0.8 * 1.3, 0.6 * 1.3)
    return rank == 2
      ? AffineTransform(matrix: [[c, -s], [s, c]], offset: [3, -4])
      : AffineTransform(matrix: [[1.3, 0, 0], [0, c, -s], [0, s, c]], offset: [3, -4, 9])
  }

  @Test func manyPairsGiveTheirAffineMap() throws {
    for map in [TransformFileTests.affine, TransformFileTests.flat] {
      for count in [map.rank + 2, 40] {
        let fixed = points(count, rank: map.rank)
        let moving = fixed.map { map($0) }
        #expect(largestError(try .fitting(fixed: fixed, moving: moving), fixed, moving) < 1e-9)
      }
    }
  }

  @Test(arguments: [2, 3])
  func fewPairsGiveTheirSimilarity(rank: Int) throws {
    let map = similarity(rank: rank)
    for count in 2...rank + 1 {
      let fixed = points(count, rank: rank)
      let moving = fixed.map { map($0) }
      let fit = try AffineTransform.fitting(fixed: fixed, moving: moving)
      #expect(largestError(fit, fixed, moving) < 1e-6)
      #expect(abs(abs(fit.determinant) - (0..<rank).reduce(1) { product, _ in product * 1.3 }) < 1e-6)
      #expect(fit.determinant > 0)
    }
  }

  @Test(arguments: [2, 3])
  func onePairGivesATranslation(rank: Int) throws {
    let fixed = points(1, rank: rank)
    let moving = points(1, rank: rank, seed: 9)
    let fit = try AffineTransform.fitting(fixed: fixed, moving: moving)
    #expect(fit.matrix == AffineTransform.identity(rank: rank).matrix)
    #expect(largestError(fit, fixed, moving) < 1e-12)
  }

  @Test func pointsOfOnePlaneGiveASimilarity() throws {
    let map = similarity(rank: 3)
    let fixed = points(12, rank: 3).map { [5, $0[1], $0[2]] }
    let moving = fixed.map { map($0) }
    let fit = try AffineTransform.fitting(fixed: fixed, moving: moving)
    #expect(largestError(fit, fixed, moving) < 1e-6)
    #expect(abs(fit.determinant - 1.3 * 1.3 * 1.3) < 1e-6)
  }

  @Test func pointsOnALineLeaveNoNeedlessTurn() throws {
    let fixed = (0..<6).map { [0, 0, Double($0)] }
    let moving = fixed.map { [$0[0] + 1, $0[1] + 2, $0[2] + 3] }
    let fit = try AffineTransform.fitting(fixed: fixed, moving: moving)
    #expect(zip(fit.matrix.flatMap(\.self), AffineTransform.identity(rank: 3).matrix.flatMap(\.self)).allSatisfy { abs($0 - $1) < 1e-6 })
  }

  @Test func noisyPairsGiveTheLeastSquaresMap() throws {
    let fixed = points(60, rank: 3)
    let noise = points(60, rank: 3, seed: 21).map { $0.map { $0 / 100 } }
    let moving = zip(fixed, noise).map { zip(TransformFileTests.affine($0), $1).map(+) }
    let fit = try AffineTransform.fitting(fixed: fixed, moving: moving)
    func sum(_ map: AffineTransform) -> Double {
      var total = 0.0
      for (point, partner) in zip(fixed, moving) {
        for (a, b) in zip(map(point), partner) { total += (a - b) * (a - b) }
      }
      return total
    }
    for row in 0..<3 {
      for (column, step) in [(0, 1e-3), (1, -1e-3), (2, 1e-3)] {
        var other = fit
        other.matrix[row][column] += step
        #expect(sum(other) > sum(fit))
        other = fit
        other.offset[row] += step
        #expect(sum(other) > sum(fit))
      }
    }
  }

  @Test func landmarksAreReadByTheNamesOfTheirColumns() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("points.csv")
      try Data("name,moving_x,moving_y,fixed_y,fixed_x\na,1,2,3,4\n\nb,5.5,-6,7e1,8\n".utf8).write(to: url)
      #expect(try LandmarkPairs.read(contentsOf: url.path) == LandmarkPairs(fixed: [[3, 4], [70, 8]], moving: [[2, 1], [-6, 5.5]]))
      try Data("fixed_z,fixed_y,fixed_x,moving_z,moving_y,moving_x\r\n1,2,3,4,5,6\r\n".utf8).write(to: url)
      #expect(try LandmarkPairs.read(contentsOf: url.path) == LandmarkPairs(fixed: [[1, 2, 3]], moving: [[4, 5, 6]]))
    }
  }

  @Test func badLandmarksAreNamedByLine() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("points.csv")
      func problem(_ text: String) -> String {
        try? Data(text.utf8).write(to: url)
        do {
          _ = try LandmarkPairs.read(contentsOf: url.path)
          return ""
        } catch {
          return error.message
        }
      }
      #expect(problem("").contains("is empty"))
      #expect(problem("X,Y\n1,2\n").contains("its first line is `X,Y`"))
      #expect(problem("fixed_z,fixed_y,fixed_x,moving_y,moving_x\n1,2,3,4,5\n").contains("no column `moving_z`"))
      #expect(problem("fixed_y,fixed_x,moving_y,moving_x\n1,2,3,4\n1,2,x,4\n").contains("line 3 has `x` in the column `moving_y`"))
      #expect(problem("fixed_y,fixed_x,moving_y,moving_x\n1,2,3\n").contains("line 2 has 3 fields, and the first line names 4"))
      #expect(problem("fixed_y,fixed_x,moving_y,moving_x\n").contains("lists no landmarks"))
      #expect(throws: TransformError.self) { try AffineTransform.fitting(fixed: [[1, 2]], moving: []) }
      #expect(throws: TransformError.self) { try AffineTransform.fitting(fixed: [[1, 2]], moving: [[1, 2, 3]]) }
    }
  }
}
