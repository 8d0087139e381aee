// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

/// One file that Weft wrote, and what a script has to read from it.
private struct Entry: Codable {
  var name: String
  var shape: [Int]
  var seed: Int
  var type: VoxelType
  var spacing: [Double]
  var origin: [Double]
  var direction: [[Double]]
}

@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct WriteInteropTests {
  @Test func simpleITKNibabelAndTifffileReadWhatWeftWrites() throws {
    try withTemporaryFolder { folder in
      var manifest: [Entry] = []
      for (seed, type) in VoxelType.allCases.enumerated() {
        for (extent, suffix) in [([5, 31, 19], "3d"), ([31, 19], "2d")] as [(Extent, String)] {
          for name in ["nii", "nii.gz", "nrrd"] {
            manifest.append(try write("\(type)_\(suffix).\(name)", extent, type, seed: seed, in: folder))
          }
        }
      }
      // ImageJ knows these alone.
      for type in [.uint8, .uint16, .float32] as [VoxelType] {
        manifest.append(try write("\(type)_3d.tif", [5, 31, 19], type, seed: 4, in: folder))
        manifest.append(try write("\(type)_2d.tif", [31, 19], type, seed: 5, in: folder))
      }
      manifest.append(try write("strips.tif", [3, 700, 500], .uint16, seed: 6, in: folder))
      manifest.append(try write("plain.tif", [3, 700, 500], .uint16, seed: 6, in: folder, compressionLevel: 0))
      manifest.append(try write("plain.nrrd", [3, 70, 50], .int16, seed: 7, in: folder, compressionLevel: 0))
      // More than one piece of the gzip stream.
      manifest.append(try write("pieces.nii.gz", [7, 512, 511], .float32, seed: 8, in: folder))
      for name in ["times.tif", "times.nii", "times.nii.gz", "times.nrrd"] { manifest.append(try writeTimes(name, in: folder)) }
      try JSONEncoder().encode(manifest).write(to: folder.appendingPathComponent("manifest.json"))
      let result = try runInteropScript("check_image_files.py", [folder.path])
      #expect(result.status == 0, "\(result.output)")
    }
  }

  /// Two channels at three times, counted t, z, c, y, x.
  private func writeTimes(_ name: String, in folder: URL) throws -> Entry {
    let all = ArraySource(patternVoxels([3, 4, 2, 9, 20], seed: 9, as: Int16.self))
    let space = PhysicalSpace(spacing: [3, 2, 1], unit: .millimeter)
    let volumes = (0..<6).map { number in
      LazyVolume(source: AxisMappedSource(base: all, axes: [1, 3, 4], fixed: [0: number / 2, 2: number % 2]), space: space, name: name)
    }
    try ImageFile.write(channels: volumes, times: 3, to: folder.appendingPathComponent(name).path)
    return Entry(
      name: name, shape: all.extent.lengths, seed: 9, type: .int16, spacing: space.spacing, origin: space.origin, direction: space.direction
    )
  }

  private func write(
    _ name: String, _ extent: Extent, _ type: VoxelType, seed: Int, in folder: URL, compressionLevel: Int = 4
  ) throws -> Entry {
    var options = ImageFileOptions()
    options.compressionLevel = compressionLevel
    func body<Voxel: VoxelScalar>(_ type: Voxel.Type) throws -> LazyVolume { RoundTripTests.volume(extent, as: type, seed: seed) }
    let volume = try body(type.scalar)
    try ImageFile.write(volume, to: folder.appendingPathComponent(name).path, options: options)
    let space = name.hasSuffix("tif") ? volume.space : volume.space.converted(to: .millimeter)
    return Entry(
      name: name, shape: extent.lengths, seed: seed, type: type, spacing: space.spacing, origin: space.origin, direction: space.direction)
  }
}
