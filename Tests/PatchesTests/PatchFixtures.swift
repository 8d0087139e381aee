// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import Patches
import Pyramids
import TestSupport
import Volumes

/// Images for the tests, in a folder of their own.
struct PatchFixtures {
  let folder: String

  /// Writes an OME-Zarr of nanometres whose first voxel's lower corner lies at `corner`.
  func write<Voxel: VoxelScalar>(
    _ voxels: VoxelBuffer<Voxel>, _ name: String, spacing: Double = 4, corner: [Double] = [0, 0, 0], levels: Int? = 1
  ) throws -> String {
    let path = folder + "/" + name
    let space = PhysicalSpace(
      spacing: [spacing, spacing, spacing], origin: corner.map { $0 + spacing / 2 }, unit: .nanometer)
    var layout = PyramidLayout(extent: voxels.extent, voxelType: Voxel.voxelType, space: space)
    layout.levelCount = levels
    layout.chunk = [16, 16, 16]
    let writer = try PyramidWriter.begin(layout, at: path)
    for box in writer.tasks(level: 0) { try writer.write(voxels.cropped(to: box), at: box.lower) }
    try writer.buildLevels()
    try writer.finish()
    return path
  }

  /// Noise.
  static func noise(_ extent: Extent, seed: UInt64 = 1) -> VoxelBuffer<UInt16> {
    var random = SeededGenerator(seed: seed)
    return VoxelBuffer(extent: extent, elements: (0..<extent.count).map { _ in UInt16.random(in: 0...4000, using: &random) })
  }

  /// Labels: each voxel that of the seed nearest to it, or none.
  static func labels(_ extent: Extent, objects: Int, seed: UInt64 = 2) -> VoxelBuffer<UInt32> {
    var random = SeededGenerator(seed: seed)
    let seeds = (0..<objects).map { _ in extent.lengths.map { Double.random(in: 0..<Double($0), using: &random) } }
    return VoxelBuffer(
      extent: extent,
      elements: extent.box.indices.map { place in
        let distances = seeds.map { zip($0, place).map { ($0 - Double($1)) * ($0 - Double($1)) }.reduce(0, +) }
        let least = distances.min()!
        return least < 40 ? UInt32(distances.firstIndex(of: least)! + 1) : 0
      })
  }
}

/// Runs a body with a folder for images.
func withFixtures(_ body: (PatchFixtures) throws -> Void) throws {
  try withTemporaryFolder { try body(PatchFixtures(folder: $0.path)) }
}
