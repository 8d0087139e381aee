// SPDX-License-Identifier: Apache-2.0

import Grids
import Pipelines
import Segmentation
import Testing
import Volumes

/// Label images of several time points are compared at all of them.
struct TimeSeriesTests {
  private func times(_ labels: [[UInt16]]) -> [LazyVolume] {
    labels.map {
      LazyVolume(
        source: ArraySource(VoxelBuffer(extent: [1, 1, 4], elements: $0)), space: PhysicalSpace(spacing: [1, 1, 1]), name: "labels")
    }
  }

  @Test func objectsAreThoseOfEachTimeAlone() throws {
    // The same label at another time is another object; what is missed or found in vain at the last time counts.
    let found = times([[1, 1, 0, 2], [1, 1, 0, 0], [0, 5, 5, 0]])
    let truth = times([[7, 7, 0, 8], [0, 0, 7, 7], [0, 5, 5, 6]])
    let score = try ObjectDetection(of: found, truth: truth).scores[0]
    #expect(score.truePositives == 3 && score.falsePositives == 1 && score.falseNegatives == 2)
    #expect(score.meanOverlap == 1)
  }

  @Test func labelsAreTheSameAtAllTimes() throws {
    let overlap = try LabelOverlap(times([[1, 1, 0, 0], [1, 1, 1, 1]]), times([[1, 1, 1, 1], [0, 0, 1, 1]]))
    #expect(overlap.entries.map(\.label) == [1] && overlap.entries.map(\.both) == [4])
    #expect(overlap.entries.map(\.first) == [6] && overlap.entries.map(\.second) == [6])
  }

  @Test func moreTimesOfOneImageAreRefused() throws {
    let error = #expect(throws: PipelineError.self) {
      try ObjectDetection(of: times([[1, 1, 0, 0], [1, 1, 1, 1]]), truth: times([[1, 1, 0, 0]]))
    }
    #expect(error?.message.contains("2 time points") == true && error?.message.contains("1 time point") == true)
    #expect(throws: PipelineError.self) { try LabelOverlap(times([[1, 1, 0, 0]]), times([])) }
  }
}
