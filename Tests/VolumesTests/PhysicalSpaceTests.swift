// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Testing
import Volumes

struct PhysicalSpaceTests {
  static let turned = PhysicalSpace(
    spacing: [2, 0.5, 0.25], origin: [10, -4, 3], direction: [[1, 0, 0], [0, cos(0.4), -sin(0.4)], [0, sin(0.4), cos(0.4)]],
    unit: .micrometer)

  @Test func indexUndoesWorld() {
    let index = [3.5, -2, 7.25]
    let back = Self.turned.index(of: Self.turned.world(of: index))
    for axis in 0..<3 { #expect(abs(back[axis] - index[axis]) < 1e-12) }
  }

  @Test func averagingMovesTheOriginToTheMiddleOfTheAveragedVoxels() {
    let coarse = Self.turned.downsampled(by: [1, 4, 3])
    let middle = Self.turned.world(of: [0, 1.5, 1])
    for axis in 0..<3 { #expect(abs(coarse.origin[axis] - middle[axis]) < 1e-12) }
    #expect(coarse.spacing == [2, 2, 0.75])
  }

  @Test func downsamplingTwiceIsDownsamplingOnce() {
    let twice = Self.turned.downsampled(by: [2, 2, 2]).downsampled(by: [1, 3, 2])
    let once = Self.turned.downsampled(by: [2, 6, 4])
    for axis in 0..<3 {
      #expect(abs(twice.origin[axis] - once.origin[axis]) < 1e-12 && abs(twice.spacing[axis] - once.spacing[axis]) < 1e-12)
    }
  }

  @Test func unitsConvertAndAreKnownByTheirShortNames() {
    let space = Self.turned.converted(to: .millimeter)
    #expect(abs(space.spacing[0] - 0.002) < 1e-15 && abs(space.origin[1] + 0.004) < 1e-15)
    #expect(LengthUnit("µm") == .micrometer && LengthUnit("um") == .micrometer && LengthUnit("micrometre") == .micrometer)
    #expect(LengthUnit("nanometer") == .nanometer && LengthUnit("parsecs of cheese") == nil)
    let unknown = PhysicalSpace(spacing: [1, 1])
    #expect(unknown.converted(to: .millimeter) == unknown)
  }
}
