// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Pipelines
import TestSupport
import Testing
import Volumes

/// Whole segmentations by programs of a user's.
struct ProgramSegmentationTests {
  /// Blocks of a checkerboard of objects of 7×9 voxels, cut off by other objects: true labels that a program hands back as crops.
  private static func truth(_ extent: Extent) -> VoxelBuffer<UInt16> {
    var labels = VoxelBuffer<UInt16>(extent: extent)
    var number: UInt16 = 0
    for y in stride(from: 0, to: extent[0], by: 9) {
      for x in stride(from: 0, to: extent[1], by: 11) {
        number += 1
        for index in Box(lower: [y, x], upper: [y + 8, x + 10]).intersection(extent.box).indices { labels[index] = number }
      }
    }
    // One object that a whole tile with its halo lies in: all its voxels are equal.
    for index in Box(lower: [14, 3], upper: [58, 70]).intersection(extent.box).indices { labels[index] = 999 }
    return labels
  }

  private func run(
    _ voxels: VoxelBuffer<UInt16>, axes: String? = nil, in folder: URL, _ body: String, start: String = "",
    _ change: (inout SegmentationOptions) -> Void = { _ in }
  ) async throws -> VoxelBuffer<UInt64> {
    var options = SegmentationOptions()
    options.method = .command
    options.program.command = try WorkerScript(folder, start: start, body: body).command
    options.tileShape = [24, 21]
    options.overlap = .voxels(8)
    options.threads = 2
    change(&options)
    let path = folder.appendingPathComponent("labels-\(UUID().uuidString).ome.zarr").path
    _ = try await ChunkedSegmentation(image(voxels, axes: axes), options: options).run(into: LabelTarget(path))
    return try readAll(path, as: UInt64.self)
  }

  @Test func cropsOfTrueLabelsBecomeTheTruthAgain() async throws {
    try await withTemporaryFolder { folder in
      let truth = Self.truth([61, 83])
      let labels = try await run(truth, in: folder, "answer(request, [int(value) for value in tile(request)])")
      #expect(isSamePartition(labels, truth.converted(to: UInt64.self)))
    }
  }

  /// What holds the objects is stored second, and asked for first.
  @Test func channelsReachAProgramInTheOrderThatTheyAreNamed() async throws {
    try await withTemporaryFolder { folder in
      let truth = Self.truth([61, 83])
      let both = VoxelBuffer(extent: [2, 61, 83], elements: truth.elements.map { 1000 - $0 } + truth.elements)
      let body = """
        values, half = tile(request), voxels(request) // 2
        assert all(values[i] + values[half + i] == 1000 for i in range(half))
        answer(request, [int(value) for value in values[:half]])
        """
      let labels = try await run(both, axes: "cyx", in: folder, body) { $0.channels = [1, 0] }
      #expect(isSamePartition(labels, truth.converted(to: UInt64.self)))
    }
  }

  @Test func nothingOfAProgramsTilesStays() throws {
    try withTemporaryFolder { folder in
      var options = ProgramOptions()
      options.command = try WorkerScript(folder).command
      let worker = try options.workerOptions(rank: 2, threads: 1)
      let segmenter = CommandSegmenter(command: try #require(options.command), options: worker)
      let (tile, context) = rampTile()
      _ = try segmenter.segment(tile, context)
      #expect(FileManager.default.fileExists(atPath: worker.folder))
      segmenter.shutdown()
      #expect(!FileManager.default.fileExists(atPath: worker.folder))
    }
  }

  @Test func labelsWithGapsAreMadeDense() async throws {
    try await withTemporaryFolder { folder in
      let truth = Self.truth([61, 83])
      let labels = try await run(truth, in: folder, "answer(request, [int(value) * 1000003 for value in tile(request)], 'uint64')")
      #expect(isSamePartition(labels, truth.converted(to: UInt64.self)))
      #expect(Set(labels.elements).count == Int(labels.elements.max() ?? 0) + 1)
    }
  }

  @Test func aProgramThatDiesOnceIsStartedAgain() async throws {
    try await withTemporaryFolder { folder in
      let truth = Self.truth([61, 83])
      let marker = folder.appendingPathComponent("died").path
      let body = """
        if count == 4 and not os.path.exists(\(WorkerScript.quoted(marker))):
            open(\(WorkerScript.quoted(marker)), "w").close()
            os._exit(9)
        answer(request, [int(value) for value in tile(request)])
        """
      let labels = try await run(truth, in: folder, body) { $0.threads = 1 }
      #expect(FileManager.default.fileExists(atPath: marker))
      #expect(isSamePartition(labels, truth.converted(to: UInt64.self)))
    }
  }

  @Test(arguments: [
    ("answer(request, [1] * 7, shape=[7])", "labels of 7 voxels (1D)"),
    ("answer(request, [-1] * voxels(request), 'int32')", "a negative label, -1"),
    ("answer(request, [float('nan')] * voxels(request), 'float32')", "float32 values in place of labels"),
    ("print('oops', flush=True); os._exit(3)", "ended with status 3"),
  ])
  func whatIsNoSegmentationIsAnErrorAndNothingAppears(body: String, part: String) async throws {
    try await withTemporaryFolder { folder in
      let error = await #expect(throws: WorkerError.self) { try await run(Self.truth([40, 40]), in: folder, body) }
      #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left.allSatisfy { !$0.hasSuffix(".ome.zarr") }, "\(left)")
    }
  }

  /// The error names the tile and one of half its size, and the command with it goes on where the first one ended. The tile that is tried
  /// first, without a halo, still fits.
  @Test func whereMemoryEndsSmallerTilesAreNamedAndDo() async throws {
    try await withTemporaryFolder { folder in
      let script = try WorkerScript(
        folder, ready: "'stride': 4",
        body: """
          if voxels(request) > 44 * 52: say({"type": "error", "id": request["id"], "kind": "oom", "message": "CUDA out of memory"})
          else: answer(request, [int(value) for value in tile(request)])
          """)
      var options = SegmentationOptions()
      options.method = .command
      options.program.command = script.command
      options.tileShape = [44, 52]
      options.overlap = .voxels(4)
      options.threads = 1
      let truth = Self.truth([61, 83])
      let target = try LabelTarget(folder.appendingPathComponent("labels.ome.zarr").path)
      let error = await #expect(throws: (any Error).self) {
        try await ChunkedSegmentation(image(truth), options: options).run(into: target)
      }
      let (message, hint) = (
        (error as? any LocalizedError)?.errorDescription ?? "", (error as? any LocalizedError)?.recoverySuggestion ?? ""
      )
      #expect(message.contains("CUDA out of memory") && message.contains("a tile of 44×52, read as 48×56"), "\(message)")
      #expect(hint.contains("--tile-shape 24,28") && hint.contains("weft resume"), "\(hint)")
      options.tileShape = [24, 28]
      _ = try await ChunkedSegmentation(image(truth), options: options).run(into: target)
      let labels = try readAll(target.path, as: UInt64.self)
      #expect(isSamePartition(labels, truth.converted(to: UInt64.self)))
    }
  }

  /// Tiles begin at multiples of the stride that a program asks for.
  @Test func tilesBeginWhereTheProgramWants() async throws {
    try await withTemporaryFolder { folder in
      let script = try WorkerScript(
        folder, ready: "'stride': [8, 16], 'receptive_field': [10, 20]",
        body: "answer(request, [int(value) for value in tile(request)])")
      var options = SegmentationOptions()
      options.method = .command
      options.program.command = script.command
      options.tileShape = [32, 32]
      options.threads = 1
      let truth = Self.truth([90, 100])
      let path = folder.appendingPathComponent("labels.ome.zarr").path
      _ = try await ChunkedSegmentation(image(truth), options: options).run(into: LabelTarget(path))
      let offsets = try script.messages().compactMap { $0["offset"] as? [Int] }
      // Two are tried before.
      #expect(offsets.count == 14)
      #expect(offsets.allSatisfy { $0[0] % 8 == 0 && $0[1] % 16 == 0 }, "\(offsets)")
      let labels = try readAll(path, as: UInt64.self)
      #expect(isSamePartition(labels, truth.converted(to: UInt64.self)))
      options.tileShape = [30, 32]
      await #expect(throws: PipelineError.self) {
        _ = try await ChunkedSegmentation(image(truth), options: options).run(into: LabelTarget(folder.path + "/other.ome.zarr"))
      }
    }
  }
}
