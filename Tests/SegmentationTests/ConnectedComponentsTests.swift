// SPDX-License-Identifier: Apache-2.0

import Grids
import Segmentation
import TestSupport
import Testing
import Volumes

struct ConnectedComponentsTests {
  static let extents: [Extent] = [
    [40, 61], [1, 50], [50, 1], [1, 1], [17], [9, 20, 31], [1, 30, 30], [30, 1, 30], [30, 30, 1], [1, 1, 7], [0, 5],
  ]

  @Test(arguments: extents, [0.2, 0.5, 0.6, 0.9])
  func componentsAreThoseOfAFloodFill(extent: Extent, density: Double) {
    let mask = randomMask(extent, density: density, seed: 7)
    #expect(connectedComponents(of: mask) == MergeTests.components(mask))
  }

  @Test func moreThanAHundredThousandComponentsHaveNumbersOfTheirOwn() {
    var mask = VoxelBuffer<UInt8>(extent: [60, 100, 100])
    var expected: UInt32 = 0
    for (i, index) in mask.extent.box.indices.enumerated() where index.reduce(0, +) % 2 == 0 {
      mask.elements[i] = 255
      expected += 1
    }
    let labels = connectedComponents(of: mask)
    #expect(expected == 300_000 && labels.elements.max() == expected)
    #expect(labels.elements.filter { $0 != 0 } == Array(1...expected))
  }

  private func randomMask(_ extent: Extent, density: Double, seed: UInt64) -> VoxelBuffer<UInt8> {
    var generator = SeededGenerator(seed: seed)
    return VoxelBuffer(
      extent: extent, elements: (0..<extent.count).map { _ in Double.random(in: 0..<1, using: &generator) < density ? 1 : 0 })
  }
}
