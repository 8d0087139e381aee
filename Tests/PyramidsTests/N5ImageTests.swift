// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pyramids
import TestSupport
import Testing
import Volumes

/// Images in N5: where their levels lie.
struct N5ImageTests {
  /// A dataset of raw blocks that holds nothing but zeros.
  private func put(_ name: String, _ dimensions: [Int], _ more: String = "", in folder: URL) throws {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let text = """
      {"dimensions": \(dimensions), "blockSize": \(dimensions.map { min($0, 16) }), "dataType": "uint16", "compression": {"type": "raw"}\(more)}
      """
    try Data(text.utf8).write(to: url.appendingPathComponent("attributes.json"))
  }

  private func group(_ text: String, in folder: URL) throws {
    try Data(text.utf8).write(to: folder.appendingPathComponent("attributes.json"))
  }

  private let half = PhysicalSpace(spacing: [4, 1, 1], origin: [0, 0.25, 0.25], unit: .micrometer)

  @Test func levelsLieWhereTheirFactorsPutThem() throws {
    try withTemporaryFolder { folder in
      try put("s0", [60, 50, 20], in: folder)
      try put("s1", [30, 25, 20], #", "downsamplingFactors": [2, 2, 1]"#, in: folder)
      try group(#"{"n5": "2.5.0", "pixelResolution": {"dimensions": [0.5, 0.5, 4.0], "unit": "um"}}"#, in: folder)
      let image = try N5Image.open(folder.path)
      #expect(image.format == "N5" && image.axes.map(\.name) == ["z", "y", "x"] && image.levels.map(\.name) == ["s0", "s1"])
      #expect(image.levels.map(\.source.extent) == [[20, 50, 60], [20, 25, 30]])
      #expect(image.levels[0].space == PhysicalSpace(spacing: [4, 0.5, 0.5], unit: .micrometer))
      #expect(image.levels[1].space == half)
      // One level alone, as bigstream takes it.
      #expect(try N5Image.open(folder.path + "/s1").levels.map(\.space) == [half])
      #expect(
        try N5Image.open(folder.path, spacing: [8, 1, 1]).levels[1].space
          == PhysicalSpace(spacing: [8, 2, 2], origin: [0, 0.5, 0.5], unit: .micrometer))
    }
  }

  @Test func scalesOfAGroupAndPlainListsAreUnderstood() throws {
    try withTemporaryFolder { folder in
      try put("s0", [60, 50, 20], in: folder)
      try put("s1", [30, 25, 20], in: folder)
      try group(#"{"scales": [[1, 1, 1], [2, 2, 1]], "resolution": [0.5, 0.5, 4.0], "units": ["um", "um", "um"]}"#, in: folder)
      #expect(try N5Image.open(folder.path).levels[1].space == half)
      #expect(try N5Image.open(folder.path + "/s1").levels[0].space == half)
      // Nothing but the voxels: the ratio of the lengths.
      try group("{}", in: folder)
      #expect(try N5Image.open(folder.path).levels[1].space == PhysicalSpace(spacing: [1, 2, 2], origin: [0, 0.5, 0.5]))
    }
  }

  @Test func openOrganellesTransformIsALevelsOwn() throws {
    try withTemporaryFolder { folder in
      let transform = #", "transform": {"axes": ["z", "y", "x"], "scale": [8, 4, 4], "translate": [2, 1, 1], "units": ["nm", "nm", "nm"]}"#
      try put("s0", [60, 50, 20], transform, in: folder)
      #expect(try N5Image.open(folder.path).levels[0].space == PhysicalSpace(spacing: [8, 4, 4], origin: [2, 1, 1], unit: .nanometer))
    }
  }

  @Test func whatIsNoImageIsNamed() throws {
    try withTemporaryFolder { folder in
      func message(_ path: String, axes: String? = nil) -> String {
        do { _ = try N5Image.open(path, axes: axes) } catch {
          return "\(error.localizedDescription) \((error as? any LocalizedError)?.recoverySuggestion ?? "")"
        }
        return ""
      }
      try group(#"{"n5": "2.5.0"}"#, in: folder)
      try put("c0/s0", [9, 9, 9], in: folder)
      #expect(message(folder.path).contains("an N5 group without levels") && message(folder.path).contains("/c0"))
      #expect(try N5Image.open(folder.path + "/c0").levels[0].source.extent == [9, 9, 9])
      try put("c0/s1", [9, 9, 12], in: folder)
      #expect(message(folder.path + "/c0").contains("the level s0 has 9×9×9 voxels of uint16, and s1 has 12×9×9"))
      try put("five", [9, 9, 2, 9, 3], in: folder)
      #expect(message(folder.path + "/five").contains("--axes"))
      #expect(try N5Image.open(folder.path + "/five", axes: "tzcyx").channelCount == 2)
      try put("named", [9, 8, 2, 7], #", "axes": ["x", "y", "c", "z"], "pixelResolution": [1, 2, 1, 3]"#, in: folder)
      #expect(try N5Image.open(folder.path + "/named").levels[0].space.spacing == [3, 2, 1])
      try put("wrong", [9, 9, 9], #", "pixelResolution": [1, 1]"#, in: folder)
      #expect(message(folder.path + "/wrong").contains("`pixelResolution` is [1,1], and the dataset has 3 axes"))
    }
  }
}
