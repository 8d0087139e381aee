// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Synchronization
import TestSupport
import Testing
import Transforms
import Volumes

/// What a run leaves behind, and what it leaves alone.
struct OutputTests {
  private let pair = KnownPair([32, 40, 40])

  @Test(arguments: [[RegistrationStage.affine, .warp], [.affine, .fine]])
  func oneThreadAndTwoWriteTheSameBytes(stages: [RegistrationStage]) async throws {
    try await withTemporaryFolder { folder in
      var trees: [[String: Data]] = []
      for threads in [1, 2] {
        var options = smallOptions(block: [32, 20, 20])
        options.threads = threads
        options.stages = Set(stages)
        options.keepWork = true
        let out = folder.appendingPathComponent("out\(threads)").path
        let result = try await ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options).run(into: out)
        #expect(stages.contains(.warp) ? result.coarse.transform.coarse != nil : result.blocks.contains { $0.state == .registered })
        trees.append(try results(below: out, withFields: true))
      }
      #expect(trees[0].count > 5 && trees[0].keys == trees[1].keys)
      for (name, bytes) in trees[0] { #expect(trees[1][name] == bytes, "\(name)") }
    }
  }

  /// What does not differ from run to run: everything but seconds, and of the run folder the blocks' own fields alone.
  private func results(below folder: String, withFields: Bool = false) throws -> [String: Data] {
    try files(below: folder).filter { name, _ in
      name.hasPrefix(".weft/") ? withFields && name.hasSuffix(".f32") : name != "timings.csv"
    }
  }

  @Test func everyBlockHasItsRow() async throws {
    try await withTemporaryFolder { folder in
      let out = folder.appendingPathComponent("out").path
      let registration = try ChunkedRegistration(
        fixed: pair.images.fixed, moving: pair.images.moving, options: smallOptions(block: [32, 20, 20]))
      _ = try await registration.run(into: out)
      let lines = try String(contentsOfFile: out + "/blocks.csv", encoding: .utf8).split(separator: "\n").map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      #expect(lines.count == 5 && lines.allSatisfy { $0.count == lines[0].count && $0.count == 38 })
      #expect(lines[0].prefix(10).joined(separator: ",") == "block,index_z,index_y,index_x,start_z,start_y,start_x,stop_z,stop_y,stop_x")
      #expect(lines[4].prefix(10).joined(separator: ",") == "3,0,1,1,0,20,20,32,40,40")
      let names = try FileManager.default.contentsOfDirectory(atPath: out).sorted()
      #expect(names == ["blocks", "blocks.csv", "registered.ome.zarr", "run.json", "timings.csv", "transforms"])
      let record = try #require(
        JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: out + "/run.json"))) as? [String: Any])
      #expect(record["halo"] as? [Int] == [13, 8, 8] && record["accuracy"] as? String == "draft")
    }
  }

  @Test func identicalImagesStayBitForBit() async throws {
    try await withTemporaryFolder { folder in
      let voxels = pair.fixed.converted(to: UInt16.self)
      var options = smallOptions(block: [32, 20, 20])
      options.stages = [.fine]
      let result = try await ChunkedRegistration(
        fixed: image(voxels, name: "fixed"), moving: image(voxels, name: "moving"), options: options
      ).run(into: folder.appendingPathComponent("out").path)
      #expect(result.blockStates == [.noGain: 4])
      #expect(try readAll(result.registered, as: UInt16.self) == voxels)
    }
  }

  @Test func resultsAreNotOverwrittenUnasked() async throws {
    try await withTemporaryFolder { folder in
      let out = folder.appendingPathComponent("out").path
      var options = smallOptions()
      options.stages = [.affine]
      let registration = try ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options)
      _ = try await registration.run(into: out)
      let before = try files(below: out)
      let said = await message { _ = try await registration.run(into: out) }
      #expect(said.contains("exists") && said.contains("--overwrite"))
      #expect(try files(below: out) == before)

      options.overwrite = true
      options.stages = [.affine, .warp]
      _ = try await ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options).run(into: out)
      #expect(try files(below: out)["transforms/coarse_warp.nii.gz"] != nil)
    }
  }

  /// Breaks after some reads.
  private final class Breaking: VoxelSource {
    let voxels: VoxelBuffer<UInt16>
    let left: Mutex<Int>
    init(_ voxels: VoxelBuffer<UInt16>, after reads: Int) {
      self.voxels = voxels
      left = Mutex(reads)
    }
    var extent: Extent { voxels.extent }
    var voxelType: VoxelType { .uint16 }
    var chunk: Extent { voxels.extent }
    func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
      let remaining = left.withLock { left -> Int in
        left -= 1
        return left
      }
      if remaining < 0 { throw VolumeError("the disk is gone") }
      return voxels.cropped(to: box).converted(to: type)
    }
  }

  @Test(arguments: [0, 2, 5]) func aRunThatFailsLeavesTheOldResultAndIsGoneOnWith(reads: Int) async throws {
    try await withTemporaryFolder { folder in
      let out = folder.appendingPathComponent("out").path
      var options = smallOptions(block: [32, 20, 20])
      options.stages = [.affine]
      _ = try await ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options).run(into: out)
      let before = try results(below: out)

      options = smallOptions(block: [32, 20, 20])
      options.overwrite = true
      // No block may stand for nothing because it could not be read.
      options.isStrict = true
      var broken = pair.images.moving
      broken.levels[0].source = Breaking(pair.moving.converted(to: UInt16.self), after: reads)
      let registration = try ChunkedRegistration(fixed: pair.images.fixed, moving: broken, options: options)
      #expect(await message { _ = try await registration.run(into: out) }.contains("the disk is gone"))
      #expect(try results(below: out) == before)

      let new = folder.appendingPathComponent("new").path
      #expect(await message { _ = try await registration.run(into: new) }.contains("the disk is gone"))
      #expect(try results(below: new).isEmpty)

      // With the disk back, both runs go on, and end as if nothing had been.
      let mended = try ChunkedRegistration(fixed: pair.images.fixed, moving: pair.images.moving, options: options)
      let undisturbed = folder.appendingPathComponent("undisturbed").path
      for folder in [undisturbed, out, new] { _ = try await mended.run(into: folder) }
      let expected = try results(below: undisturbed)
      #expect(try results(below: out) == expected)
      #expect(try results(below: new) == expected)
    }
  }

  @Test func anOutputInsideAnInputIsRefused() async throws {
    try await withTemporaryFolder { folder in
      for isFixed in [true, false] {
        var (fixed, moving) = pair.images
        if isFixed { fixed.path = folder.path + "/in.ome.zarr" } else { moving.path = folder.path + "/in.ome.zarr" }
        let registration = try ChunkedRegistration(fixed: fixed, moving: moving, options: smallOptions())
        for inside in ["/in.ome.zarr/out", "/in.ome.zarr", "/other/../in.ome.zarr/0/out"] {
          #expect(
            await message { _ = try await registration.run(into: folder.path + inside) }.contains("the input"), "\(inside)")
        }
      }
      #expect(try files(below: folder.path).isEmpty)
    }
  }

  private struct Events: ProgressReporter {
    let continuation: AsyncStream<ProgressEvent>.Continuation
    func report(_ event: ProgressEvent) { continuation.yield(event) }
  }

  @Test(arguments: ["warp", "fine", "resample"]) func aCancelledRunIsGoneOnWith(stage: String) async throws {
    try await withTemporaryFolder { folder in
      let out = folder.appendingPathComponent("out").path
      let (events, continuation) = AsyncStream.makeStream(of: ProgressEvent.self)
      let registration = try ChunkedRegistration(
        fixed: pair.images.fixed, moving: pair.images.moving, options: smallOptions(block: [32, 20, 20]),
        progress: Events(continuation: continuation))
      let task = Task {
        defer { continuation.finish() }
        _ = try await registration.run(into: out)
      }
      for await event in events where "\(event)".contains("\"\(stage)\"") {
        task.cancel()
        break
      }
      let result = await task.result
      #expect(throws: CancellationError.self) { try result.get() }
      #expect(try results(below: out).isEmpty)

      let again = try ChunkedRegistration(
        fixed: pair.images.fixed, moving: pair.images.moving, options: smallOptions(block: [32, 20, 20]))
      let undisturbed = folder.appendingPathComponent("undisturbed").path
      for folder in [out, undisturbed] { _ = try await again.run(into: folder) }
      #expect(try results(below: out) == results(below: undisturbed))
    }
  }
}
