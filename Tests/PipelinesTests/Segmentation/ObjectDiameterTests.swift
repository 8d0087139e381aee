// SPDX-License-Identifier: Apache-2.0

import Pipelines
import Testing
import Volumes

struct ObjectDiameterTests {
  @Test(arguments: ["", "0", "-3", "a", "1,2,3,4", "3,nan", "8um,6mm", "8furlong", "inf", "1,,2"])
  func whatIsNoDiameterIsRefused(text: String) { #expect(ObjectDiameter(text) == nil) }

  @Test func aNumberAloneIsAsLongInEveryDirection() throws {
    let space = PhysicalSpace(spacing: [2, 0.5, 0.5], unit: .micrometer)
    #expect(try ObjectDiameter("12")?.voxels(in: space, of: "image") == [3, 12, 12])
    #expect(try ObjectDiameter("4,12,12")?.voxels(in: space, of: "image") == [4, 12, 12])
    #expect(try ObjectDiameter("6um")?.voxels(in: space, of: "image") == [3, 12, 12])
    #expect(try ObjectDiameter("0.006mm")?.voxels(in: space, of: "image").map { ($0 * 1e6).rounded() / 1e6 } == [3, 12, 12])
  }

  @Test func whatDoesNotFitTheImageIsRefused() throws {
    #expect(throws: PipelineError.self) { try ObjectDiameter("3,3")?.voxels(in: PhysicalSpace(spacing: [1, 1, 1]), of: "image") }
    #expect(throws: PipelineError.self) { try ObjectDiameter("3um")?.voxels(in: PhysicalSpace(spacing: [1, 1, 1]), of: "image") }
  }
}
