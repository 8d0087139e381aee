// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import Synchronization
import TestSupport
import Testing
import Volumes

/// Notes what is asked of a source.
private final class Requests: Sendable {
  let boxes = Mutex<[Box]>([])
}

/// Voxels that are made when they are asked for.
private struct GeneratedSource: VoxelSource {
  let extent: Extent
  let chunk: Extent
  let requests: Requests
  var voxelType: VoxelType { .uint16 }

  func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    requests.boxes.withLock { $0.append(box) }
    return VoxelBuffer(extent: box.extent, elements: box.indices.map { Voxel.saturating(integer: $0[0] * 1000 + $0[1] * 7 + $0[2]) })
  }
}

@Suite struct StreamingTests {
  @Test(arguments: ["a.tif", "a.nii.gz", "a.nrrd"])
  func writingHoldsNoMoreThanItsMemoryAndReadsNoChunkTwice(name: String) throws {
    try withTemporaryFolder { folder in
      let requests = Requests()
      let source = GeneratedSource(extent: [20, 64, 96], chunk: [4, 32, 32], requests: requests)
      var options = ImageFileOptions()
      // Four planes and a half.
      options.memory = 64 * 96 * 2 * 9 / 2
      let path = folder.appendingPathComponent(name).path
      try ImageFile.write(
        LazyVolume(source: source, space: PhysicalSpace(spacing: [1, 1, 1]), name: "generated"), to: path, options: options)
      let boxes = requests.boxes.withLock { $0 }
      #expect(boxes.allSatisfy { $0.count * 2 <= options.memory })
      #expect(boxes.map(\.count).reduce(0, +) == source.extent.count)
      #expect(boxes.allSatisfy { $0.lower[0] % 4 == 0 })
      let back = try ImageFile.open(path: path).volumes().finest
      let part = Box(lower: [7, 20, 30], upper: [9, 25, 33])
      #expect(try back.source.read(part, as: UInt16.self) == source.read(part, as: UInt16.self))
    }
  }

  @Test func aPlaneBeyondMemoryIsWrittenInBandsOfRows() throws {
    try withTemporaryFolder { folder in
      let requests = Requests()
      let source = GeneratedSource(extent: [2, 300, 400], chunk: [1, 64, 64], requests: requests)
      var options = ImageFileOptions()
      options.memory = 400 * 2 * 50
      let path = folder.appendingPathComponent("a.nrrd").path
      try ImageFile.write(
        LazyVolume(source: source, space: PhysicalSpace(spacing: [1, 1, 1]), name: "generated"), to: path, options: options)
      #expect(requests.boxes.withLock { $0 }.allSatisfy { $0.count * 2 <= options.memory })
      let back = try ImageFile.open(path: path).volumes().finest
      #expect(try back.source.read(back.extent.box, as: UInt16.self) == source.read(source.extent.box, as: UInt16.self))
    }
  }
}
