// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import Pipelines
import Registration
import TestSupport
import Testing
import Volumes

struct DamagedBlockTests {
  /// Blocks of the fixed image in which nothing, noise, or what lies elsewhere stands.
  private static let damaged = [21, 38, 41]
  private static let core = 40

  private func block(_ number: Int) -> Box {
    let index = [number / 16, number / 4 % 4, number % 4]
    return Box(lower: index.map { $0 * Self.core }, extent: [40, 40, 40])
  }

  /// A phantom with three blocks of the fixed image spoiled: constant, noise, and taken from 100 voxels away.
  private func damage(_ voxels: inout VoxelBuffer<Float>) {
    let whole = voxels
    func replace(_ number: Int, _ value: ([Int]) -> Float) {
      let box = block(number)
      let values = box.indices.map(value)
      voxels.copy(from: VoxelBuffer(extent: box.extent, elements: values), box: box.extent.box, at: box.lower)
    }
    let mean = whole.cropped(to: block(Self.damaged[0])).elements.reduce(0, +) / Float(block(Self.damaged[0]).count)
    var generator = SeededGenerator(seed: 2)
    let shuffled = whole.cropped(to: block(Self.damaged[1])).elements.shuffled(using: &generator)
    var next = 0
    replace(Self.damaged[0]) { _ in mean }
    replace(Self.damaged[1]) { _ in
      defer { next += 1 }
      return shuffled[next]
    }
    replace(Self.damaged[2]) { whole[[$0[0], $0[1], ($0[2] + 100) % 160]] }
  }

  @Test func exactlyTheDamagedBlocksAreFlaggedAndRefined() async throws {
    try await withTemporaryFolder { folder in
      var options = PhantomOptions()
      (options.shape, options.seed) = ([160, 160, 160], 3)
      try await Phantom(options).write(into: folder.path)
      var fixed = try StoredImage.open(folder.path + "/fixed.ome.zarr").volumes().finest.load()
      damage(&fixed.voxels)
      try ImageFile.write(LazyVolume(fixed, name: "fixed"), to: folder.path + "/damaged.nii")
      var registrationOptions = RegistrationOptions()
      registrationOptions.blockExtent = [Self.core]
      registrationOptions.overlap = .fraction(0.25)
      let registration = try ChunkedRegistration(
        fixed: .open(folder.path + "/damaged.nii"), moving: .open(folder.path + "/moving.ome.zarr"), options: registrationOptions)
      let result = try await registration.run(into: folder.path + "/out")
      let flagged = result.blocks.filter(\.verdict.isFlagged)
      let found = flagged.map { "\($0.block.number): \($0.verdict), \($0.reason), \($0.quality?.tissuePercent ?? 0) % tissue" }
      #expect(flagged.map(\.block.number) == Self.damaged, "\(found)")
      #expect(result.isFlagged)
      // Good blocks are said to lie where they do.
      let residuals = result.blocks.filter { $0.verdict == .good }.compactMap { $0.quality?.residual }
      #expect(residuals.count > 25 && residuals.sorted()[residuals.count / 2] < 0.4)
      let before = try readAll(result.registered, as: UInt16.self)
      var refinement = RefinementOptions()
      (refinement.smoothing, refinement.overlap) = (2.5, .fraction(0.75))
      let refined = try #require(try await RegistrationRefinement(folder.path + "/out", blocks: .flagged, options: refinement).run())
      #expect(refined.blocks.filter { $0.attempt == .refined }.map(\.block.number) == Self.damaged)
      let states = Self.damaged.map { "\(refined.blocks[$0].state) \(refined.blocks[$0].verdict) \(refined.blocks[$0].reason)" }
      print("refined: \(states); control points repaired before \(result.repairedControlPoints), after \(refined.repairedControlPoints)")
      for (old, new) in zip(result.blocks, refined.blocks) where !Self.damaged.contains(old.block.number) {
        #expect(old.metricAfter == new.metricAfter && old.attempt == new.attempt, "\(old.block.number)")
      }
      // The blocks read 10 voxels around; control points act over two strides, and so does a repair.
      let after = try readAll(refined.registered, as: UInt16.self)
      let reaches = Self.damaged.map { block($0).expanded(by: [18, 18, 18]) }
      var changed = 0
      for (offset, voxel) in before.extent.box.indices.enumerated() where before.elements[offset] != after.elements[offset] {
        changed += 1
        if !reaches.contains(where: { $0.contains(voxel) }) { Issue.record("\(voxel) changed") }
      }
      #expect(changed > 1000)
      // Settings that fold the map, which is repaired; what those before them had found comes back byte for byte.
      let kept = try voxelsAndFields(folder.path + "/out")
      var folding = RefinementOptions()
      (folding.metric, folding.smoothing, folding.overlap) = (.mse, 0.1, .fraction(0.9))
      let folded = try #require(try await RegistrationRefinement(folder.path + "/out", blocks: .flagged, options: folding).run())
      #expect(folded.repairedControlPoints > 0 && folded.map.foldingPercent == 0, "\(folded.map)")
      #expect(try voxelsAndFields(folder.path + "/out") != kept)
      _ = try await RegistrationRefinement(folder.path + "/out", blocks: .flagged, options: refinement).run()
      #expect(try voxelsAndFields(folder.path + "/out") == kept)
    }
  }
}
