// SPDX-License-Identifier: Apache-2.0

import Grids
import Segmentation
import TestSupport
import Testing
import Volumes

struct IntensityStatisticsTests {
  @Test func percentilesOfWholeNumbersAreExact() {
    var statistics = IntensityStatistics(minimum: 1, maximum: 100, isInteger: true)
    statistics.add(VoxelBuffer(extent: [100], elements: (1...100).map(Float.init)))
    #expect(statistics.percentile(0) == 1)
    #expect(statistics.percentile(50) == 50)
    #expect(statistics.percentile(100) == 100)
  }

  @Test func partsMergeToTheWhole() {
    let values = (0..<1000).map { Float(($0 * 7919) % 601) / 3 }
    func measured(_ values: ArraySlice<Float>) -> IntensityStatistics {
      var statistics = IntensityStatistics(minimum: 0, maximum: 200, isInteger: false)
      statistics.add(VoxelBuffer(extent: [values.count], elements: Array(values)))
      return statistics
    }
    var parts = measured(values[..<333])
    parts.merge(measured(values[333...]))
    let whole = measured(values[...])
    #expect(parts.counts == whole.counts)
  }

  @Test func voxelsThatAreNoNumbersDoNotCount() {
    var statistics = IntensityStatistics(minimum: 5, maximum: 5, isInteger: false)
    statistics.add(VoxelBuffer(extent: [3], elements: [.nan, 5, .infinity]))
    #expect(statistics.count == 1)
    #expect(statistics.percentile(99) == 5)
  }
}
