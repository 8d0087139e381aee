// SPDX-License-Identifier: Apache-2.0

import ChunkStores
import Foundation
import Grids
import Pyramids
import TestSupport
import Testing
import Volumes

@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct ImageInteropTests {
  @Test func imagesOfOmeZarrAreReadWithTheirPlace() throws {
    try withTemporaryFolder { folder in
      let result = try runInteropScript("write_images.py", [folder.path])
      try #require(result.status == 0, "\(result.output)")
      for (name, version) in [("v04", OMEVersion.v04), ("v05", .v05)] {
        let image = try OMEImage.open(folder.path + "/\(name).ome.zarr")
        #expect(OMEImage.version(of: image) == version)
        #expect(image.axes == [Axis(name: "c")] + ["z", "y", "x"].map { Axis(name: $0, unit: .micrometer) })
        #expect(image.levels[0].space == PhysicalSpace(spacing: [2, 0.5, 0.5], origin: [10, 20, 30], unit: .micrometer))
        #expect(image.levels[1].space == image.levels[0].space.downsampled(by: [2, 2, 2]))
        let source = image.levels[0].source
        #expect(try source.read(source.extent.box, as: UInt16.self) == patternVoxels([2, 20, 40, 60], seed: 7, as: UInt16.self))
        #expect(image.levels[1].source.extent == [2, 10, 20, 30])
      }
    }
  }

  @Test func omeZarrAndTensorstoreReadWhatWeftWrites() throws {
    try withTemporaryFolder { folder in
      for version in OMEVersion.allCases {
        for (type, compression) in [(VoxelType.uint8, Compression.standard), (.uint16, .gzip(level: 4)), (.float32, .zstd(level: 3))] {
          try write(type, [21, 70, 91], leading: 2, version, compression, in: folder)
          try write(type, [301, 270], leading: 0, version, compression, in: folder)
        }
        try write(.uint16, [70, 64, 65], leading: 0, version, .none, in: folder)
      }
      let result = try runInteropScript("read_images.py", [folder.path])
      #expect(result.status == 0, "\(result.output)")
    }
  }

  private func write(
    _ type: VoxelType, _ extent: Extent, leading: Int, _ version: OMEVersion, _ compression: Compression, in folder: URL
  ) throws {
    var layout = PyramidLayout(
      extent: extent, voxelType: type,
      space: PhysicalSpace(spacing: [3, 1, 1].suffix(extent.rank), origin: [1, 2, 3].suffix(extent.rank), unit: .micrometer))
    layout.version = version
    layout.compression = compression
    layout.levelCount = 3
    layout.chunk = Extent([16, 32, 32].suffix(extent.rank))
    if leading > 0 {
      layout.leadingAxes = [.init(Axis(name: "c"), length: leading)]
      layout.channels = (0..<leading).map { ImageChannel(label: "channel \($0)", limits: 0...255, window: 0...200) }
    }
    let name = "\(type)_\(extent.rank)_\(leading)_\(version.rawValue).ome.zarr"
    let writer = try PyramidWriter.begin(layout, at: folder.appendingPathComponent(name).path)
    func write<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
      try writer.write(patternVoxels(layout.fullExtent, seed: 7, as: type), at: layout.fullExtent.lengths.map { _ in 0 })
    }
    try write(type.scalar)
    try writer.buildLevels()
    try writer.finish()
  }
}
