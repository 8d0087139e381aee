// SPDX-License-Identifier: Apache-2.0

import Grids
import Segmentation
import Testing
import Volumes

struct DetectionScoreTests {
  private func line(_ labels: [UInt32]) -> VoxelBuffer<UInt32> { VoxelBuffer(extent: [labels.count], elements: labels) }

  @Test func namesOfLabelsDoNotMatter() {
    let score = DetectionScore(of: line([7, 7, 0, 9, 9]), truth: line([1, 1, 0, 3, 3]), threshold: 1)
    #expect(score.averagePrecision == 1 && score.truePositives == 2 && score.meanOverlap == 1)
  }

  @Test func halfAnObjectIsNoMatch() {
    // 2 of 4 voxels, then 3 of 5.
    let truth = line([1, 1, 1, 1, 0, 2, 2, 2, 2, 2])
    let score = DetectionScore(of: line([1, 1, 0, 0, 0, 2, 2, 2, 0, 0]), truth: truth)
    #expect(score.truePositives == 1 && score.falsePositives == 1 && score.falseNegatives == 1)
    #expect(abs(score.averagePrecision - 1.0 / 3) < 1e-12 && abs(score.meanOverlap - 0.6) < 1e-9)
    #expect(score.precision == 0.5 && score.recall == 0.5)
    #expect(DetectionScore(of: truth, truth: truth, threshold: 0.9).averagePrecision == 1)
  }

  @Test func nothingIsFoundWhereNothingIs() {
    let empty = line([0, 0, 0])
    #expect(DetectionScore(of: empty, truth: empty).averagePrecision == 1)
    #expect(DetectionScore(of: empty, truth: line([0, 1, 0])).averagePrecision == 0)
    #expect(DetectionScore(of: line([0, 1, 0]), truth: empty).averagePrecision == 0)
  }

  @Test func partsCountAsTheWhole() {
    let found: [UInt64] = [1, 1, 2, 2, 2, 0, 0, 3]
    let truth: [UInt64] = [5, 5, 5, 6, 6, 6, 0, 7]
    var (whole, first, second) = (LabelOverlaps(), LabelOverlaps(), LabelOverlaps())
    for i in found.indices {
      whole.add(found[i], truth[i])
      if i < 4 { first.add(found[i], truth[i]) } else { second.add(found[i], truth[i]) }
    }
    first.merge(second)
    #expect(DetectionScore(first) == DetectionScore(whole))
    // Two of four voxels are no match.
    #expect(DetectionScore(whole).truePositives == 2)
  }
}
