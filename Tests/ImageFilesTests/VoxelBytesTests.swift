// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

@Suite struct VoxelBytesTests {
  /// Writes a volume of reals with NaN and infinities among them.
  private func write<Voxel: VoxelScalar & BinaryFloatingPoint>(_ path: String, _ extent: Extent, as type: Voxel.Type) throws
    -> VoxelBuffer<Voxel>
  {
    var voxels = patternVoxels(extent, seed: 3, as: type)
    voxels[[1, 2, 3]] = .nan
    voxels[[2, 0, 0]] = .infinity
    voxels[[2, 4, 6]] = -.infinity
    try ImageFile.write(
      LazyVolume(source: ArraySource(voxels), space: PhysicalSpace(spacing: [3, 2, 1], unit: .millimeter), name: "reals"), to: path)
    return voxels
  }

  private func bits<Voxel: VoxelScalar & BinaryFloatingPoint>(_ voxels: VoxelBuffer<Voxel>) -> [String] {
    voxels.elements.map { "\($0)" }
  }

  @Test(arguments: ["a.nii", "a.nii.gz"])
  func whatIsNoNumberStaysWhatItIs(name: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent(name).path
      func check<Voxel: VoxelScalar & BinaryFloatingPoint>(_ type: Voxel.Type) throws {
        let voxels = try write(path, [4, 5, 7], as: type)
        let source = try ImageFile.open(path: path).volumes().finest.source
        let boxes = [
          source.extent.box, Box(lower: [1, 0, 0], upper: [3, 5, 7]), Box(lower: [1, 2, 0], upper: [3, 4, 7]),
          Box(lower: [1, 2, 3], upper: [3, 5, 6]), Box(lower: [2, 0, 0], upper: [3, 1, 1]),
        ]
        for box in boxes { #expect(bits(try source.read(box, as: type)) == bits(voxels.cropped(to: box)), "\(box)") }
      }
      try check(Float.self)
      try check(Double.self)
    }
  }

  @Test func slopeInterceptAndByteOrderAreHeeded() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a.nii")
      let voxels = try write(url.path, [4, 5, 7], as: Float.self)
      var bytes = [UInt8](try Data(contentsOf: url))
      func put(_ value: Float, _ place: Int) {
        for i in 0..<4 { bytes[place + i] = UInt8(truncatingIfNeeded: value.bitPattern >> (8 * i)) }
      }
      put(2, 112)
      put(-5, 116)
      try Data(bytes).write(to: url)
      let expected = bits(voxels.mapVoxels { $0 * 2 - 5 })
      let scaled = try ImageFile.open(path: url.path).volumes().finest.source
      #expect(bits(try scaled.read(scaled.extent.box, as: Float.self)) == expected)
      // The same file, highest byte first: fields of the header by their sizes, then the voxels.
      func turn(_ place: Int, _ size: Int, _ count: Int) {
        for i in 0..<count { bytes[place + i * size..<place + (i + 1) * size].reverse() }
      }
      turn(0, 4, 1)
      turn(40, 2, 8)
      turn(56, 4, 3)
      turn(68, 2, 4)
      turn(76, 4, 11)
      turn(252, 2, 2)
      turn(256, 4, 18)
      turn(352, 4, voxels.count)
      try Data(bytes).write(to: url)
      let turned = try ImageFile.open(path: url.path).volumes().finest.source
      #expect(bits(try turned.read(turned.extent.box, as: Float.self)) == expected)
    }
  }
}
