// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import Pipelines
import TestSupport
import Testing
import Volumes

/// Single blocks of a finished registration, registered again.
struct RefinementTests {
  private func number(_ path: String) throws -> Int? {
    (try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? NSNumber)?.intValue
  }

  /// Where two images of one lattice differ; `nil` where nowhere.
  private func difference(_ one: String, _ other: String) throws -> Box? {
    let (a, b) = (try readAll(one, as: UInt16.self), try readAll(other, as: UInt16.self))
    var found: Box?
    for (offset, index) in a.extent.box.indices.enumerated() where a.elements[offset] != b.elements[offset] {
      let voxel = Box(lower: index, upper: index.map { $0 + 1 })
      found = found.map { $0.union(voxel) } ?? voxel
    }
    return found
  }

  @Test func whatLiesAwayFromTheChosenBlocksKeepsItsFiles() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder)
      let before = try pair.copy("before")
      let fileNumbers = try voxelsAndFields(pair.out).keys.reduce(into: [:]) { $0[$1] = try number(pair.out + "/" + $1) }
      let result = try #require(try await refine(pair.out, "2") { $0.smoothing = 4 })
      #expect(result.blocks[2].state == .registered && result.keepsBlocks)
      let (old, new) = (try voxelsAndFields(before), try voxelsAndFields(pair.out))
      #expect(old.keys == new.keys)
      let changed = Set(new.filter { old[$0.key] != $0.value }.keys)
      // The third block reads 70 to 130: what it does not act on is not even written. Chunks of the field are 64 voxels long.
      #expect(changed.contains("registered.ome.zarr/0/c/0/0/0") && changed.contains("registered.ome.zarr/1/c/0/0/0"), "\(changed)")
      for name in new.keys.sorted() {
        guard let chunk = name.split(separator: "/").last.flatMap({ Int($0) }) else { continue }
        let isFar = name.hasPrefix("transforms/") ? chunk > 2 : chunk * (name.hasPrefix("registered.ome.zarr/0/") ? 1 : 2) > 1
        if isFar { #expect(!changed.contains(name), "\(name)") }
        // Tasks of smaller levels, and of the field, write several chunks.
        if isFar && (chunk > 3 || name.hasPrefix("registered.ome.zarr/0/")) {
          #expect(try number(pair.out + "/" + name) == fileNumbers[name], "\(name)")
        }
      }
      let farFields = fileNumbers.keys.filter { $0.hasPrefix("transforms/") && $0.split(separator: "/").last.flatMap { Int($0) } ?? 0 > 3 }
      #expect(fileNumbers.keys.contains("registered.ome.zarr/0/c/0/0/3") && !farFields.isEmpty)
      // Control points act over two strides.
      let voxels = try #require(try difference(before + "/registered.ome.zarr", pair.out + "/registered.ome.zarr"))
      #expect(voxels.lower[2] >= 70 - 4 && voxels.upper[2] <= 130 + 4 && voxels.extent[2] > 30, "\(voxels)")
      let attempts = try column("attempt", pair.out)
      #expect(attempts.indices.filter { attempts[$0] == "refined" } == [2], "\(attempts)")
      #expect(!FileManager.default.fileExists(atPath: pair.out + "/.weft"))
    }
  }

  /// Blocks of one level and of two, and in a plane.
  @Test(arguments: [([24, 48, 256], false), ([24, 48, 256], true), ([128, 192], false)])
  func withTheSettingsOfTheRunBlocksComeOutAsTheyWere(extent: [Int], isCascade: Bool) async throws {
    try await withTemporaryFolder { folder in
      let options = RefinedPair.options {
        if isCascade { ($0.downsample, $0.levels) = (4, [2, 1]) }
        if extent.count == 2 { $0.blockExtent = [40, 64] }
      }
      let pair = try await RefinedPair(in: folder, extent, options)
      let before = try pair.copy("before")
      let count = try column("block", pair.out).count - (isCascade ? try column("scale", pair.out).count { $0 != "1" } : 0)
      let result = try #require(try await refine(pair.out, "0-\(count - 1)"))
      #expect(result.blocks.contains { $0.state == .registered })
      let (old, new) = (try voxelsAndFields(before), try voxelsAndFields(pair.out))
      #expect(old.keys == new.keys && old.count > 5)
      for (name, bytes) in old { #expect(new[name] == bytes, "\(name)") }
      // Of the table only the attempt changes.
      func rest(_ folder: String) throws -> [[String]] {
        try ["verdict", "residual", "metric_after", "disagreement", "map_minimum_jacobian", "state"].map { try column($0, folder) }
      }
      #expect(try rest(before) == rest(pair.out))
      #expect(try column("attempt", pair.out).prefix(count).allSatisfy { $0 == "refined" })
    }
  }

  @Test(arguments: [false, true]) func oneThreadAndTwoRefineTheSameBytesInAnyOrder(isCascade: Bool) async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(
        in: folder, [24, 48, 256], RefinedPair.options { if isCascade { ($0.downsample, $0.levels) = (4, [2, 1]) } })
      let states = try column("state", pair.out).prefix(7)
      let registered = states.indices.filter { states[$0] == "registered" }
      let (first, last) = (try #require(registered.first), try #require(registered.last))
      try #require(first < last)
      _ = try pair.copy("before")
      let (one, steps) = (try pair.copy("one"), try pair.copy("steps"))
      let change: (inout RefinementOptions) -> Void = { ($0.smoothing, $0.accuracy, $0.overlap) = (3, .normal, .fraction(0.5)) }
      try await refine(pair.out, "\(first),\(last)", change)
      try await refine(one, "\(first),\(last)") {
        change(&$0)
        $0.threads = 1
      }
      try await refine(steps, "\(last)", change)
      try await refine(steps, "\(first)", change)
      func results(_ folder: String) throws -> [String: Data] {
        try resultFiles(folder).filter { $0.key != "run.json" && $0.key != "blocks/refinements.json" }
      }
      let expected = try results(pair.out)
      let before = try resultFiles(pair.folder.appendingPathComponent("before").path)
      #expect(expected.keys.contains { $0.hasPrefix("blocks/retry/block-") })
      #expect(before.contains { $0.key.hasPrefix("transforms/field") && expected[$0.key] != $0.value })
      for other in [one, steps] {
        let found = try results(other)
        #expect(found.keys == expected.keys)
        for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
      }
      let record = try String(contentsOfFile: steps + "/run.json", encoding: .utf8)
      #expect(record.contains("\"refinements\"") && record.contains("\"smoothing\" : \"3.0\""), "\(record)")
    }
  }

  /// An error of the engine tells nothing of the displacement that there is.
  @Test func aBlockWhoseRefinementFailsStaysAsItWas() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder, [24, 48, 256])
      let before = try voxelsAndFields(pair.out)
      let states = try column("state", pair.out)
      for blocks in ["1", "1,2"] {
        try await refine(pair.out, blocks) { $0.smoothing = 5000 }
        let after = try voxelsAndFields(pair.out)
        #expect(after.keys == before.keys)
        for (name, bytes) in before where !name.hasSuffix("run.json") { #expect(after[name] == bytes, "\(name)") }
        #expect(try column("state", pair.out) == states && column("attempt", pair.out)[1] == "refined")
      }
      // What was kept of it is whole.
      try await refine(pair.out, "1")
    }
  }

  /// Masks, and what the run started from, led to the coarse result, which is kept.
  @Test func whatLedToTheCoarseResultIsNotNeededAnyMore() async throws {
    try await withTemporaryFolder { folder in
      let mask = folder.appendingPathComponent("mask.nrrd").path
      let extent = [24, 48, 128]
      let ones = VoxelBuffer<Float>(extent: Extent(extent), repeating: 1)
      try ImageFile.write(LazyVolume(Volume(voxels: ones, space: PhysicalSpace(spacing: [1, 1, 1])), name: "mask"), to: mask)
      let pair = try await RefinedPair(in: folder, extent, RefinedPair.options { $0.fixedMask = mask })
      try FileManager.default.removeItem(atPath: mask)
      #expect(try await refine(pair.out, "1") != nil)
      #expect(try String(contentsOfFile: pair.out + "/run.json", encoding: .utf8).contains("mask.nrrd"))
    }
  }

  @Test func anImageInOneFileIsWrittenAnew() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder, [24, 48, 256], RefinedPair.options { $0.format = .nrrd })
      let before = try pair.copy("before")
      try await refine(pair.out, "1") { $0.smoothing = 4 }
      let voxels = try #require(try difference(before + "/registered.nrrd", pair.out + "/registered.nrrd"))
      #expect(voxels.lower[2] >= 30 - 4 && voxels.upper[2] <= 90 + 4, "\(voxels)")
    }
  }

  @Test func whatIsKeptIsLessThanTwiceTheFieldAndSharesItsFiles() async throws {
    try await withTemporaryFolder { folder in
      let pair = try await RefinedPair(in: folder)
      let sizes = try files(below: pair.out + "/blocks").filter { $0.key.hasSuffix(".f32") }.values.map(\.count)
      // 12 bytes a control point, of which the field has 15 × 27 × 259.
      #expect(sizes.count > 8 && sizes.reduce(0, +) < 2 * 12 * 15 * 27 * 259)
      // The coarse result and the field are there once.
      let shared = try number(pair.out + "/transforms/affine.mat")
      #expect(try number(pair.out + "/blocks/coarse/transforms/affine.mat") == shared)
      let chunk = "field.ome.zarr/0/c/0/0/0/0"
      #expect(try number(pair.out + "/blocks/blend/\(chunk)") == number(pair.out + "/transforms/\(chunk)"))
      #expect(try files(below: pair.out + "/blocks").keys.allSatisfy { !$0.contains(".tmp-") && !$0.hasSuffix("lock") })
    }
  }
}
