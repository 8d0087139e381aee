// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Synchronization
import TestSupport
import Testing
import Volumes

/// Tiles that nobody gave a shape.
struct TileSizingTests {
  /// An image of any size, none of whose voxels is read.
  private struct Unread: VoxelSource {
    let extent: Extent
    var chunk: Extent { Extent(extent.lengths.map { min($0, 64) }) }
    let voxelType = VoxelType.uint16

    func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> { VoxelBuffer(extent: box.extent) }
  }

  private static func grid(_ lengths: [Int], _ change: (inout SegmentationOptions) -> Void) throws -> BlockGrid {
    let axes = Array("zyx".suffix(lengths.count)).map { Axis(name: String($0)) }
    let space = PhysicalSpace(spacing: lengths.map { _ in 1 }, unit: .micrometer)
    let stored = StoredImage(
      path: "/nowhere/image", format: "OME-Zarr 0.5", axes: axes,
      levels: [.init(source: Unread(extent: Extent(lengths)), space: space, name: "0")], isColour: false)
    var options = SegmentationOptions()
    options.diameter = ObjectDiameter("12")
    options.memory = MemoryBudget(bytes: 8_000_000_000)
    change(&options)
    return try ChunkedSegmentation(stored, options: options).tileGrid()
  }

  @Test(arguments: [[100_000, 100_000], [4000, 4000, 4000]]) func threadsDoNotChangeTheTiles(lengths: [Int]) throws {
    let grids = try [1, 2, 7, 64].map { threads in try Self.grid(lengths) { $0.threads = threads } }
    #expect(Set(grids.map(\.core)).count == 1 && Set(grids.map(\.halo)).count == 1, "\(grids.map(\.core))")
  }

  @Test(arguments: [[100_000, 100_000], [4000, 4000, 4000]]) func lessMemoryMakesSmallerTilesAndLeavesRoomForOneAtTheLeast(lengths: [Int])
    throws
  {
    var last = Int.max
    for megabytes in [16_000, 4000, 1000, 400, 200] {
      let grid = try Self.grid(lengths) { $0.memory = MemoryBudget(bytes: megabytes * 1_000_000) }
      #expect(grid.core.count <= last, "\(megabytes) MB: \(grid.core)")
      last = grid.core.count
      // The watershed takes 64 bytes a voxel beside the tile itself.
      let padded = zip(grid.core.lengths, grid.halo.lengths).map { $0 + 2 * $1 }.reduce(1, *)
      #expect(64 * padded < megabytes * 1_000_000, "\(megabytes) MB: \(grid.core) and \(grid.halo)")
    }
    #expect(last < 2048 * 2048)
  }

  @Test func theHaloIsTwoDiameters() throws {
    let grid = try Self.grid([4000, 4000]) { $0.tileShape = [200] }
    #expect(grid.core == [200, 200] && grid.halo == [24, 24])
  }

  /// As a function of the image's size and the format of its voxels, called once.
  @Test func theShapeOfTilesMayFollowFromTheImage() throws {
    let stored = image(SegmentationRunTests.noise([80, 90], seed: 3))
    var options = SegmentationOptions()
    options.diameter = ObjectDiameter("8")
    let segmentation = try ChunkedSegmentation(stored, options: options) { extent, type in extent.lengths.map { $0 / type.size } }
    let grid = try segmentation.tileGrid()
    #expect(grid.core == [40, 45] && segmentation.options.tileShape == [40, 45])
    #expect(throws: PipelineError.self) { _ = try ChunkedSegmentation(stored) { _, _ in throw PipelineError("no") } }
  }

  @Test func noTileIsLargerThanTheImage() throws {
    let grid = try Self.grid([70, 3000]) { _ in }
    #expect(grid.core[0] == 70 && grid.halo[0] == 0)
  }

  @Test func tooLittleMemoryForTheLeastTileIsRefused() {
    #expect(throws: PipelineError.self) { try Self.grid([4000, 4000, 4000]) { $0.memory = MemoryBudget(bytes: 61_000_000) } }
  }

  /// Keeps what is told of a run.
  private final class Notes: ProgressReporter {
    let lines = Mutex<[String]>([])

    func report(_ event: ProgressEvent) {
      if case .note(let text) = event { lines.withLock { $0.append(text) } }
    }

    func line(_ part: String) -> String? { lines.withLock { $0.first { $0.contains(part) } } }
  }

  /// A program that holds so many megabytes and is ready with some members.
  private func run(
    _ folder: URL, holding megabytes: Int, ready: String = "", body: String = "answer(request, [1] * voxels(request))",
    _ change: (inout SegmentationOptions) -> Void
  ) async throws -> Notes {
    let notes = Notes()
    var options = SegmentationOptions()
    options.method = .command
    options.program.command = try WorkerScript(folder, start: "held = b'x' * (\(megabytes) << 20)", ready: ready, body: body)
      .command
    options.memory = MemoryBudget(bytes: 1_000_000_000)
    options.threads = 8
    change(&options)
    let stored = image(SegmentationRunTests.noise([80, 90], seed: 3))
    _ = try await ChunkedSegmentation(stored, options: options, progress: notes).run(
      into: LabelTarget(folder.appendingPathComponent("labels.ome.zarr").path))
    return notes
  }

  /// Whether the user gives the shape of tiles or not.
  @Test(arguments: [nil, [20]]) func fewerProgramsRunAtOnceWhereEachTakesMuch(shape: [Int]?) async throws {
    try await withTemporaryFolder { folder in
      let notes = try await run(folder, holding: 300) { $0.tileShape = shape }
      let line = try #require(notes.line("at once within"))
      #expect(["1", "2"].contains { line.contains(" \($0) at once within 1.0 GB") }, "\(line)")
    }
  }

  @Test func whatAProgramSaysItTakesCountsWhereItIsMoreThanWasMeasured() async throws {
    try await withTemporaryFolder { folder in
      let error = await #expect(throws: PipelineError.self) { _ = try await run(folder, holding: 1, ready: "'fixed_bytes': 5e9") { _ in } }
      #expect(error?.message.contains("--memory allows") == true, "\(error?.message ?? "")")
    }
  }

  @Test func aRunThatIsGoneOnWithKeepsWhatWasMeasured() async throws {
    try await withTemporaryFolder { folder in
      let marker = folder.appendingPathComponent("mended").path
      let body = """
        if count == 5 and not os.path.exists('\(marker)'):
            say({"type": "error", "id": request["id"], "message": "no more"})
            continue
        answer(request, [1] * voxels(request))
        """
      var command: String?
      var (requests, lines): ([Int], [String?]) = ([], [])
      for round in 0..<2 {
        if round == 1 { try Data().write(to: URL(fileURLWithPath: marker)) }
        let notes = Notes()
        var options = SegmentationOptions()
        options.method = .command
        command = try command ?? WorkerScript(folder, start: "held = b'x' * (300 << 20)", body: body).command
        options.program.command = command
        (options.memory, options.threads, options.tileShape) = (MemoryBudget(bytes: 1_000_000_000), 1, [20])
        if round == 1 { options.threads = 8 }
        let segmentation = ChunkedSegmentation(image(SegmentationRunTests.noise([80, 90], seed: 3)), options: options, progress: notes)
        let target = try LabelTarget(folder.appendingPathComponent("labels.ome.zarr").path)
        if round == 0 {
          await #expect(throws: WorkerError.self) { _ = try await segmentation.run(into: target) }
        } else {
          _ = try await segmentation.run(into: target)
        }
        let log = try String(contentsOf: folder.appendingPathComponent("log.jsonl"), encoding: .utf8).split(separator: "\n")
        requests.append(log.count { $0.contains("\"segment\"") })
        lines.append(notes.line("at once within"))
        #expect((notes.line("were tried") == nil) == (round == 1))
      }
      // Twenty tiles, of which two are there; none is tried before.
      #expect(requests == [5, 23])
      #expect(["1", "2"].contains { lines[1]?.contains(" \($0) at once within 1.0 GB") == true }, "\(lines)")
    }
  }
}
