// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import ImageFiles
import TestSupport
import Testing
import Volumes

/// One file that a script wrote, and what has to be read from it.
private struct Entry: Codable {
  var name: String
  var shape: [Int]
  var seed: Int
  var type: VoxelType
  var axes: [String]
  var spacing: [Double]
  var origin: [Double]
  var direction: [[Double]]
  var unit: String?
  var isColour: Bool
}

@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct ReadInteropTests {
  @Test func filesOfSimpleITKNibabelAndTifffileAreReadVoxelByVoxel() throws {
    try withTemporaryFolder { folder in
      let result = try runInteropScript("write_image_files.py", [folder.path])
      try #require(result.status == 0, "\(result.output)")
      let manifest = try JSONDecoder().decode([Entry].self, from: Data(contentsOf: folder.appendingPathComponent("manifest.json")))
      #expect(manifest.count > 80)
      var unpacked: Set<String> = []
      for entry in manifest {
        let image = try ImageFile.open(path: folder.appendingPathComponent(entry.name).path)
        checkGeometry(image, entry)
        func check<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
          let source = image.levels[0].source
          try #require(source.extent.lengths == entry.shape && source.voxelType == entry.type, "\(entry.name): \(source.extent)")
          let expected = patternVoxels(source.extent, seed: entry.seed, as: type)
          let inner = Box(lower: entry.shape.map { $0 / 3 }, upper: entry.shape.map { max($0 / 3 + 1, $0 - $0 / 4) })
          #expect(try source.read(inner, as: type) == expected.cropped(to: inner), "\(entry.name)")
          #expect(try source.read(source.extent.box, as: type) == expected, "\(entry.name)")
          // The same from a temporary file.
          let again = try ImageFile.open(path: folder.appendingPathComponent(entry.name).path).levels[0].source
          guard let file = again.residentFiles.first, file.canUnpack else { return }
          file.unpack()
          #expect(again.residentFiles.allSatisfy { $0.residentBytes == 0 })
          #expect(try again.read(inner, as: type) == expected.cropped(to: inner), "\(entry.name), unpacked")
          #expect(try again.read(source.extent.box, as: type) == expected, "\(entry.name), unpacked")
          unpacked.insert(String(entry.name[entry.name.firstIndex(of: ".")!...]))
        }
        try check(entry.type.scalar)
      }
      try checkScaled(in: folder)
      #expect(unpacked.isSuperset(of: [".mha", ".mhd", ".nii.gz", ".nrrd"]), "\(unpacked)")
    }
  }

  /// Whole numbers that their header scales are read as nibabel reads them: in parts, held, and unpacked.
  private func checkScaled(in folder: URL) throws {
    let expected = try unsafe Data(contentsOf: folder.appendingPathComponent("scaled.raw")).withUnsafeBytes { bytes in
      unsafe Array(bytes.bindMemory(to: Double.self))
    }
    for (name, isUnpacked) in [("scaled.nii", false), ("scaled.nii.gz", false), ("scaled.nii.gz", true)] {
      let source = try ImageFile.open(path: folder.appendingPathComponent(name).path).levels[0].source
      if isUnpacked { try #require(source.residentFiles.first).unpack() }
      let found = try source.read(source.extent.box, as: Double.self).elements
      try #require(found.count == expected.count)
      #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-4 }, "\(name), unpacked: \(isUnpacked)")
    }
  }

  private func checkGeometry(_ image: StoredImage, _ entry: Entry) {
    let space = image.levels[0].space
    #expect(image.axes.map(\.name) == entry.axes, "\(entry.name)")
    #expect(space.unit?.name == entry.unit, "\(entry.name)")
    #expect(image.isColour == entry.isColour, "\(entry.name)")
    func near(_ a: [Double], _ b: [Double], _ what: String) {
      #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 }, "\(entry.name) \(what): \(a) and not \(b)")
    }
    near(space.spacing, entry.spacing, "spacing")
    near(space.origin, entry.origin, "origin")
    near(space.direction.flatMap(\.self), entry.direction.flatMap(\.self), "direction")
  }
}
