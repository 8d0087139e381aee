// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import Pyramids
import TestSupport
import Testing
import Volumes

/// Damaged images are opened or refused, and the validator tells of them: neither crashes.
struct MetadataMutationTests {
  @Test(arguments: OMEVersion.allCases) func damagedMetadataAreReadOrRefused(version: OMEVersion) throws {
    try withTemporaryFolder { folder in
      let path = folder.path + "/a.ome.zarr"
      var layout = PyramidLayout(extent: [4, 8, 8], voxelType: .uint16, space: PhysicalSpace(spacing: [2, 1, 1], unit: .micrometer))
      (layout.version, layout.levelCount, layout.channels) = (version, 2, [ImageChannel(label: "one", limits: 0...9, window: 0...9)])
      layout.leadingAxes = [.init(Axis(name: "c"), length: 1)]
      let writer = try PyramidWriter.begin(layout, at: path)
      try writer.write(patternVoxels([1, 4, 8, 8], seed: 1, as: UInt16.self), at: [0, 0, 0, 0])
      try writer.buildLevels()
      try writer.finish()
      let file = URL(fileURLWithPath: path + (version == .v05 ? "/zarr.json" : "/.zattrs"))
      let whole = [UInt8](try Data(contentsOf: file))
      var mutator = Mutator(seed: 17)
      var refused = 0
      let count = mutationCount(full: 20_000)
      for _ in 0..<count {
        try Data(mutator.mutated(whole)).write(to: file)
        do { _ = try OMEImage.open(path).volumes() } catch is any LocalizedError { refused += 1 }
        _ = try? OMEValidator.findings(at: path)
      }
      #expect(refused > count / 10, "\(refused) of \(count)")
    }
  }
}
