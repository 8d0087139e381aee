// SPDX-License-Identifier: Apache-2.0

import BlockExecution
import Foundation
import Grids
import Pipelines
import Synchronization
import TestSupport
import Testing
import Volumes

/// Blocks whose voxels cannot be read for a while, or not at all.
struct FailingBlockTests {
  private let pair = KnownPair([32, 40, 40])

  /// Fails to read its last corner, some times, once the fine stage has begun.
  private final class Faulty: VoxelSource, ProgressReporter {
    let voxels: VoxelBuffer<UInt16>
    private let failures: Mutex<Int>
    private let isFine = Mutex(false)
    let warnings = Mutex<[String]>([])

    init(_ voxels: VoxelBuffer<UInt16>, failures: Int) {
      self.voxels = voxels
      self.failures = Mutex(failures)
    }

    var extent: Extent { voxels.extent }
    var voxelType: VoxelType { .uint16 }
    var chunk: Extent { voxels.extent }

    func report(_ event: ProgressEvent) {
      switch event {
      case .started(stage: "fine", tasks: _): isFine.withLock { $0 = true }
      case .finished(stage: "fine"): isFine.withLock { $0 = false }
      case .warning(let text): warnings.withLock { $0.append(text) }
      default: break
      }
    }

    func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
      let corner = Box(lower: extent.lengths.map { $0 - 8 }, upper: extent.lengths)
      if isFine.withLock({ $0 }), !box.intersection(corner).isEmpty {
        let left = failures.withLock { left in
          left -= 1
          return left
        }
        if left >= 0 { throw CocoaError(.fileReadUnknown, userInfo: [NSLocalizedDescriptionKey: "the sector is bad"]) }
      }
      return voxels.cropped(to: box).converted(to: type)
    }
  }

  /// Registers with a moving image that fails so often, on one thread.
  private func run(failures: Int, into folder: String) async throws -> (result: RegistrationResult, warnings: [String]) {
    var options = smallOptions(block: [32, 20, 20], overlap: .fraction(0.1))
    options.threads = 1
    let source = Faulty(pair.moving.converted(to: UInt16.self), failures: failures)
    var moving = pair.images.moving
    moving.levels[0].source = source
    let registration = try ChunkedRegistration(fixed: pair.images.fixed, moving: moving, options: options, progress: source)
    let result = try await registration.run(into: folder)
    return (result, source.warnings.withLock { $0 })
  }

  @Test func aBlockThatFailsTwiceThenSucceedsLeavesNoTrace() async throws {
    try await withTemporaryFolder { folder in
      let whole = try await run(failures: 0, into: folder.path + "/whole")
      let twice = try await run(failures: 2, into: folder.path + "/twice")
      #expect(twice.result.blocks == whole.result.blocks && twice.warnings == whole.warnings)
      for name in ["blocks.csv", "registered.ome.zarr/0/c/0/0/0", "transforms/field.ome.zarr/zarr.json"] {
        let files = try ["whole", "twice"].map { try Data(contentsOf: folder.appendingPathComponent("\($0)/\(name)")) }
        #expect(files[0] == files[1], "\(name)")
      }
    }
  }

  @Test func aBlockThatKeepsFailingIsAZeroFieldWithItsRow() async throws {
    try await withTemporaryFolder { folder in
      let (result, warnings) = try await run(failures: .max, into: folder.path + "/out")
      #expect(result.blocks.map { $0.state == .failed } == [false, false, false, true], "\(result.blocks)")
      let failed = try #require(result.blocks.last)
      #expect(failed.message?.contains("the sector is bad") == true && failed.largestDisplacement == nil)
      #expect(warnings.contains { $0.contains("fine, task 3") && $0.contains("the sector is bad") }, "\(warnings)")
      let table = try String(contentsOfFile: folder.path + "/out/blocks.csv", encoding: .utf8)
      #expect(table.contains("failed"))
    }
  }
}
