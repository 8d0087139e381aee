// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Transforms
import Volumes

/// Transforms of a finished run, with all their parts, applied to other things.
struct ApplicationTests {
  @Test func theMovingImageAppliedIsTheRegisteredOne() async throws {
    try await RegisteredRun.with { folder in
      let applied = folder.appendingPathComponent("registered.ome.zarr").path
      let result = try await application(folder).apply(to: RegisteredRun.pair.images.moving, output: applied)
      #expect(result.largestInverseResidual == 0)
      let (ours, theirs) = (try files(below: applied), try files(below: folder.path + "/out/registered.ome.zarr"))
      #expect(ours.count > 2 && ours == theirs)
    }
  }

  @Test(arguments: [ApplyOptions.Target.fixed, .moving])
  func anImageThatLiesElsewhereIsReportedWithBothExtents(target: ApplyOptions.Target) async throws {
    try await RegisteredRun.with { folder in
      var away = target == .fixed ? RegisteredRun.pair.images.moving : RegisteredRun.pair.images.fixed
      let output = folder.appendingPathComponent("away.ome.zarr").path
      let near = try await application(folder) { ($0.target, $0.overwrite) = (target, true) }.apply(to: away, output: output)
      #expect(near.warning == nil)
      for level in away.levels.indices { away.levels[level].space.origin[2] += 1000 }
      let far = try await application(folder) { ($0.target, $0.overwrite) = (target, true) }.apply(to: away, output: output)
      let warning = try #require(far.warning)
      #expect(warning.contains("x 1000.0 to 10") && warning.contains("micrometer, and the result lies over z "))
    }
  }

  @Test func labelsStayLabels() async throws {
    try await RegisteredRun.with { folder in
      // Neighbouring labels beyond 2²⁴, which Float cannot tell apart.
      let extent = RegisteredRun.pair.extent
      let labels = VoxelBuffer(
        extent: extent, elements: extent.box.indices.map { UInt32(1 << 30) + UInt32($0[0] / 5 * 64 + $0[1] / 5 * 8 + $0[2] / 5) })
      let path = folder.appendingPathComponent("labels.ome.zarr").path
      _ = try await application(folder) { $0.isLabels = true }.apply(
        to: image(labels, RegisteredRun.pair.movingSpace, name: "labels"), output: path)
      let values = try readAll(path, as: UInt32.self)
      #expect(Set(values.elements).subtracting(labels.elements).subtracting([0]).isEmpty)
      let transforms = try TransformFolder.open(folder.path + "/out")
      var random = SeededGenerator(seed: 2)
      for _ in 0..<300 {
        let voxel = (0..<3).map { Int.random(in: 0..<extent[$0], using: &random) }
        let place = try transforms.movingSpace.index(of: transforms.map(fixedVoxels: [voxel.map(Double.init)])[0])
        // Not where the nearest voxel is a matter of rounding.
        if place.contains(where: { abs($0 - $0.rounded(.down) - 0.5) < 0.01 }) { continue }
        let nearest = place.map { Int($0.rounded()) }
        #expect(values[voxel] == (extent.box.contains(nearest) ? labels[nearest] : 0))
      }
    }
  }

  @Test func labelsOfRealNumbersAreRefused() async throws {
    try await RegisteredRun.with { folder in
      let voxels = VoxelBuffer<Float>(extent: RegisteredRun.pair.extent)
      await #expect(throws: PipelineError.self) {
        _ = try await application(folder) { $0.isLabels = true }.apply(to: image(voxels), output: folder.path + "/x.ome.zarr")
      }
    }
  }

  @Test(arguments: [true, false]) func pointsGoThereAndBack(inVoxels: Bool) async throws {
    try await RegisteredRun.with { folder in
      var random = SeededGenerator(seed: 4)
      let points = (0..<200).map { _ in
        (0..<3).map { Double.random(in: 6...Double(RegisteredRun.pair.extent[$0] - 7), using: &random) }
      }
      let given = inVoxels ? points : points.map { RegisteredRun.pair.fixedSpace.world(of: $0) }
      let table = folder.appendingPathComponent("points.csv").path
      let rows = given.enumerated().map { "cell \($0.offset),\($0.element[2]),\"a,b\",\($0.element[0]),\($0.element[1])" }
      try (["name,x,note,z,y"] + rows).joined(separator: "\n").write(toFile: table, atomically: true, encoding: .utf8)
      let (there, back) = (folder.appendingPathComponent("there.csv").path, folder.appendingPathComponent("back.csv").path)
      let moved = try application(folder) {
        $0.target = .moving
        $0.voxels = inVoxels
      }.apply(toPointsIn: table, output: there)
      #expect(moved.count == 200 && moved.largestInverseResidual == 0)
      // Exactly where the map says.
      let transforms = try TransformFolder.open(folder.path + "/out")
      let truth = try transforms.map(fixedVoxels: points).map { inVoxels ? transforms.movingSpace.index(of: $0) : $0 }
      let middle = try PointTable(contentsOf: there, rank: 3)
      for (a, b) in zip(middle.points, truth) { #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 }) }
      #expect(zip(truth, given).contains { zip($0, $1).contains { abs($0 - $1) > 2 } })

      let returned = try application(folder) { $0.voxels = inVoxels }.apply(toPointsIn: there, output: back)
      #expect(returned.largestInverseResidual < 1e-3)
      let result = try PointTable(contentsOf: back, rank: 3)
      for (a, b) in zip(result.points, given) { #expect(zip(a, b).allSatisfy { abs($0 - $1) < 2e-3 }, "\(a) \(b)") }
      #expect(
        result.table.columns == ["name", "x", "note", "z", "y"] && result.table.rows[7].fields[0] == "cell 7"
          && result.table.rows[7].fields[2] == "a,b")
    }
  }

  @Test func anImageBroughtBackIsTheMovingOne() async throws {
    try await RegisteredRun.with { folder in
      let back = folder.appendingPathComponent("back.ome.zarr").path
      let registered = try StoredImage.open(folder.path + "/out/registered.ome.zarr")
      let result = try await application(folder) { $0.target = .moving }.apply(to: registered, output: back)
      #expect(result.largestInverseResidual < 0.05)
      #expect(try StoredImage.open(back).levels[0].space.origin == RegisteredRun.pair.movingSpace.origin)
      let inner = Box(lower: [9, 9, 9], upper: [23, 34, 30])
      let (values, moving) = (try readAll(back, as: Float.self).cropped(to: inner), RegisteredRun.pair.moving.cropped(to: inner))
      let still = try readAll(registered.path, as: Float.self).cropped(to: inner)
      func mean(_ a: VoxelBuffer<Float>, _ b: VoxelBuffer<Float>) -> Float {
        zip(a.elements, b.elements).map { abs($0 - $1) }.reduce(0, +) / Float(a.count)
      }
      // Interpolated twice, it is smoother, no more.
      #expect(mean(values, moving) < 0.25 * mean(still, moving), "\(mean(values, moving)) \(mean(still, moving))")
    }
  }

  /// A chunk that is lost would read as zeros: as no displacement.
  @Test(arguments: [true, false]) func aFieldThatIsNotWholeIsRefused(isStepByStep: Bool) async throws {
    try await RegisteredRun.with { folder in
      let out = folder.path + (isStepByStep ? "/out" : "/whole")
      if !isStepByStep {
        var options = smallOptions(block: [32, 22, 40])
        options.stages = [.affine, .fine]
        _ = try await ChunkedRegistration(
          fixed: RegisteredRun.pair.images.fixed, moving: RegisteredRun.pair.images.moving, options: options
        ).run(into: out)
      }
      _ = try TransformFolder.open(out)
      let field = out + "/transforms/field.ome.zarr"
      let chunks = try files(below: field).keys.filter { $0.hasPrefix("0/c/") }.sorted()
      try FileManager.default.removeItem(atPath: field + "/" + chunks[0])
      let error = #expect(throws: PipelineError.self) { try TransformFolder.open(out) }
      let said = "field.ome.zarr is not whole: transform.json expects \(chunks.count) chunks, and \(chunks.count - 1) are there"
      #expect(error?.localizedDescription.contains(said) == true, "\(error?.localizedDescription ?? "")")

      // Older folders do not say how many there are.
      let file = URL(fileURLWithPath: out + "/transforms/transform.json")
      var record = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
      #expect(record.removeValue(forKey: "fieldChunks") as? Int == chunks.count)
      try JSONSerialization.data(withJSONObject: record).write(to: file)
      _ = try TransformFolder.open(out)
    }
  }

  @Test func ranksAndExistingOutputsAreChecked() async throws {
    try await RegisteredRun.with { folder in
      let flat = image(VoxelBuffer<UInt8>(extent: [40, 40]), name: "flat")
      await #expect(throws: PipelineError.self) { _ = try await application(folder).apply(to: flat, output: folder.path + "/x.ome.zarr") }
      await #expect(throws: PipelineError.self) {
        _ = try await application(folder).apply(to: RegisteredRun.pair.images.moving, output: folder.path + "/out/registered.ome.zarr")
      }
      #expect(throws: PipelineError.self) { try TransformApplication(transforms: folder.path) }
    }
  }
}
