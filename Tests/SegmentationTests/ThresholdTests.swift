// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Segmentation
import Testing
import Volumes

struct ThresholdTests {
  // import numpy as np
  // from skimage.filters import threshold_li, threshold_otsu                    # scikit-image 0.26.0
  // i = np.arange(10000)
  // image = (i * 7919) % 97 + np.where(i % 5 == 0, 120, 20) + (i * 31) % 13
  // threshold_otsu(image), threshold_li(image)                                  # 121, 89.08289088782917
  // low, high = np.sort(image)[99], np.sort(image)[9979]                        # 25, 224
  // x = np.clip((image - low) / (high - low), 0, None)
  // low + (high - low) * threshold_li(np.sqrt(x), tolerance=1e-9) ** 2                          # 70.22319748744172
  // low + (high - low) * 0.02 * (np.exp(threshold_li(np.log1p(x / 0.02), tolerance=1e-9)) - 1)  # 53.2796742367754
  private let image: VoxelBuffer<Float> = {
    var values: [Float] = []
    for i in 0..<10_000 {
      let mode = i % 5 == 0 ? 120 : 20
      values.append(Float((i * 7919) % 97 + mode + (i * 31) % 13))
    }
    return VoxelBuffer(extent: [10_000], elements: values)
  }()

  @Test func otsuIsThatOfScikitImage() { #expect(statistics(of: image).otsuThreshold() == 121) }

  @Test func liIsThatOfScikitImageWhateverTheTransform() {
    let statistics = statistics(of: image)
    #expect(statistics.percentile(1) == 25 && statistics.percentile(99.8) == 224)
    #expect(abs(statistics.liThreshold() - 89.08289088782917) < 0.01)
    #expect(abs(statistics.liThreshold(after: .squareRoot) - 70.22319748744172) < 0.01)
    #expect(abs(statistics.liThreshold(after: .logarithm) - 53.2796742367754) < 0.01)
  }

  @Test func betweenTwoValuesThresholdsLieBetween() {
    // Otsu: halfway. Li: halfway, too, after the transform, as the dark class is 0 throughout.
    let image = VoxelBuffer<Float>(extent: [100], elements: (0..<100).map { $0 < 70 ? 10.25 : 210.5 })
    let statistics = statistics(of: image)
    #expect(abs(statistics.otsuThreshold() - (10.25 + 210.5) / 2) < 0.01)
    for transform in IntensityTransform.allCases {
      let threshold = statistics.liThreshold(after: transform)
      #expect(threshold > 10.25 && threshold < 210.5, "\(transform)")
    }
  }

  @Test func liBetweenTwoValuesAboveTheLeastIsTheirLogarithmicMean() {
    // One voxel at 0, so that the dark class has a mean above 0.
    let values = [Float](repeating: 20, count: 6000) + [Float](repeating: 100, count: 3000) + [0]
    let dark = 20.0 * 6000 / 6001
    let expected = (100 - dark) / (log(100) - log(dark))
    #expect(abs(statistics(of: VoxelBuffer(extent: [values.count], elements: values)).liThreshold() - expected) < 1e-9)
  }

  @Test func nothingLiesAboveTheThresholdOfAnImageWithoutContrast() {
    let flat = statistics(of: VoxelBuffer<Float>(extent: [50], repeating: 3))
    #expect(flat.otsuThreshold() == 3)
    for transform in IntensityTransform.allCases { #expect(flat.liThreshold(after: transform) == 3) }
    let nothing = IntensityStatistics(minimum: 0, maximum: 1, isInteger: false)
    #expect(nothing.otsuThreshold() == 1 && nothing.liThreshold() == 1)
  }

  /// Also where some voxels are no numbers, of which none is above.
  @Test func componentsAboveOtsusThresholdAreFound() throws {
    var image = VoxelBuffer<Float>(extent: [20, 30], repeating: 5)
    for y in 3..<8 { for x in 4..<9 { image[[y, x]] = 90 } }
    for y in 12..<18 { for x in 15..<25 { image[[y, x]] = 70 } }
    (image[[0, 0]], image[[4, 20]], image[[5, 20]], image[[19, 0]]) = (.nan, .infinity, .infinity, -.infinity)
    let tile = SegmentationTile(channels: [image], box: image.extent.box, core: image.extent.box, spacing: [1, 1])
    let labels = try ThresholdSegmenter().segment(tile, SegmentationContext(statistics: [statistics(of: image)]))
    let expected = image.elements.map { (value: Float) -> UInt32 in value == 90 ? 1 : value == 70 ? 2 : 0 }
    #expect(labels.elements == expected)
  }
}
