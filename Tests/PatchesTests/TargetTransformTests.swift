// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Patches
import TestSupport
import Testing
import Volumes

struct TargetTransformTests {
  private func random(_ extent: Extent, _ seed: UInt64, withUnknown: Bool = false) -> VoxelBuffer<Float> {
    let labels = PatchFixtures.labels(extent, objects: 12, seed: seed).mapVoxels { Float($0) }
    guard withUnknown else { return labels }
    return VoxelBuffer(extent: extent, elements: labels.elements.enumerated().map { $0 % extent[2] < 2 ? .nan : $1 })
  }

  @Test(arguments: 1...4) func distancesAreThoseToTheNearestVoxelThatIsNotOfTheObject(seed: UInt64) {
    let labels = random([9, 10, 11], seed)
    let scale = [3.0, 1, 2]
    let most = 6.0
    let made = TargetTransform.distance(most: most).apply(to: labels, scale: scale)[0]
    let places = Array(labels.extent.box.indices)
    for (index, place) in places.enumerated() {
      let own = labels.elements[index]
      var least = own > 0 ? most : 0
      if own > 0 {
        for (other, at) in places.enumerated() where labels.elements[other] != own {
          least = min(least, (0..<3).map { pow(Double(at[$0] - place[$0]) * scale[$0], 2) }.reduce(0, +).squareRoot())
        }
      }
      if abs(Double(made.elements[index]) - least) > 1e-4 {
        Issue.record("\(place): \(made.elements[index]) for \(least)")
        return
      }
    }
  }

  @Test func affinitiesTellWhetherTwoVoxelsAreOfOneObject() {
    let labels = random([7, 8, 9], 3, withUnknown: true)
    let offsets = [[1, 0, 0], [0, -2, 0], [0, 0, 3], [20, 0, 0]]
    let made = TargetTransform.affinities(offsets).apply(to: labels, scale: [1, 1, 1])
    #expect(made.count == 4)
    for (offset, channel) in zip(offsets, made) {
      for place in labels.extent.box.indices {
        let other = zip(place, offset).map(+)
        let (own, far) = (labels[place], labels.extent.box.contains(Box(lower: other, extent: [1, 1, 1])) ? labels[other] : .nan)
        let expected: Float = own.isNaN || far.isNaN ? .nan : own == far && own > 0 ? 1 : 0
        let value = channel[place]
        #expect(value == expected || value.isNaN && expected.isNaN)
      }
    }
  }

  @Test func boundariesLieInsideObjects() {
    let labels = random([8, 8, 8], 9, withUnknown: true)
    let made = TargetTransform.boundary.apply(to: labels, scale: [1, 1, 1])[0]
    for place in labels.extent.box.indices {
      let own = labels[place]
      var expected: Float = own.isNaN ? .nan : 0
      if own > 0 {
        for axis in 0..<3 {
          for step in [-1, 1] {
            var other = place
            other[axis] += step
            guard (0..<8).contains(other[axis]), !labels[other].isNaN else { continue }
            if labels[other] != own { expected = 1 }
          }
        }
      }
      let value = made[place]
      #expect(value == expected || value.isNaN && expected.isNaN, "\(place)")
    }
  }

  @Test func relationsFillInWhatIsKnownByOthersAlone() {
    let unknown = Float.nan
    var labels: [[Float]] = [
      // cell, nucleus (a part of it), mito (another part), outside (not with cell)
      [unknown, unknown, 0, 1, unknown], [1, unknown, unknown, unknown, unknown], [unknown, unknown, unknown, 1, unknown],
      [unknown, 1, unknown, unknown, unknown],
    ]
    var buffers = labels.map { VoxelBuffer(extent: [1, 1, 5], elements: $0) }
    let relations = ClassRelations(
      exclusive: [["nucleus", "mito"], ["cell", "outside"]], parts: ["cell": ["nucleus", "mito"]])
    relations.fill(&buffers, classes: ["cell", "nucleus", "mito", "outside"])
    labels = buffers.map(\.elements)
    let expected: [[Float?]] = [[1, 0, 0, 1, nil], [1, 0, 0, 0, nil], [0, 0, 0, 1, nil], [0, 1, nil, 0, nil]]
    for (row, (made, wanted)) in zip(labels, expected).enumerated() {
      for (column, (value, want)) in zip(made, wanted).enumerated() {
        #expect(want.map { $0 == value } ?? value.isNaN, "class \(row), voxel \(column): \(value)")
      }
    }
  }
}
