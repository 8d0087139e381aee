// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import TestSupport
import Testing
import Transforms
import Volumes

/// Points and where a file or a list of files sends them, z, y, x.
private struct Entry: Codable {
  var name: String?
  var list: [String]?
  var points: [[Double]]
  var mapped: [[Double]]
}

@Suite(.enabled(if: python != nil, "WEFT_PYTHON names no interpreter")) struct TransformInteropTests {
  private func expectNear(_ a: [Double], _ b: [Double], _ tolerance: Double, _ what: String) {
    #expect(a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < tolerance }, "\(what): \(a) and not \(b)")
  }

  @Test func filesOfSimpleITKSendPointsWhereSimpleITKDoes() throws {
    try withTemporaryFolder { folder in
      let result = try runInteropScript("transforms.py", ["write", folder.path])
      try #require(result.status == 0, "\(result.output)")
      func entries(_ name: String) throws -> [Entry] {
        try JSONDecoder().decode([Entry].self, from: Data(contentsOf: folder.appendingPathComponent(name)))
      }
      let affine = try entries("written.json")
      #expect(affine.count == 19)
      for entry in affine {
        let map = try AffineTransform.read(contentsOf: folder.appendingPathComponent(entry.name!).path)
        for (point, expected) in zip(entry.points, entry.mapped) { expectNear(map(point), expected, 1e-9, entry.name!) }
      }
      for rank in [2, 3] {
        for suffix in ["nii.gz", "nrrd", "mha"] {
          let field = try DisplacementField.read(contentsOf: folder.appendingPathComponent("field\(rank).\(suffix)").path)
          for entry in try entries("field\(rank).json") {
            for (point, expected) in zip(entry.points, entry.mapped) {
              let lifted = rank == 2 ? [0] + point : point
              expectNear(Array(field(lifted).suffix(rank)), expected, 1e-4, "field\(rank).\(suffix)")
            }
          }
        }
      }
    }
  }

  @Test func simpleITKAndANTsSendPointsWhereWeftDoes() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      let field = TransformFileTests.field(extent: [10, 12, 14])
      try field.write(to: path("warp.nii.gz"))
      try TransformFileTests.affine.write(to: path("affine.mat"))
      let flatField = TransformFileTests.field(extent: [1, 12, 14])
      try flatField.write(to: path("warp2d.nii.gz"), rank: 2)
      try TransformFileTests.flat.write(to: path("affine2d.mat"))
      let points = [[2.3, 4.1, 3.7], [5.5, 6.2, 7.9], [8.0, 3.0, 1.25]].map { field.space.world(of: $0) }
      let flatPoints = [[0, 4.1, 3.7], [0, 6.2, 7.9]].map { flatField.space.world(of: $0) }
      // The last transform of a list is applied first, as in SimpleITK's composite; ANTs lists them the other way round.
      let checks = [
        Entry(list: ["affine.mat"], points: points, mapped: points.map { TransformFileTests.affine($0) }),
        Entry(list: ["warp.nii.gz"], points: points, mapped: points.map { field($0) }),
        Entry(list: ["affine.mat", "warp.nii.gz"], points: points, mapped: points.map { TransformFileTests.affine(field($0)) }),
        Entry(
          list: ["affine2d.mat", "warp2d.nii.gz"], points: flatPoints.map { Array($0.suffix(2)) },
          mapped: flatPoints.map { TransformFileTests.flat(Array(flatField($0).suffix(2))) }),
      ]
      // The order matters for these maps.
      let swapped = points.map { field(TransformFileTests.affine($0)) }
      #expect(zip(swapped[0], checks[2].mapped[0]).contains { abs($0 - $1) > 0.1 })
      try JSONEncoder().encode(checks).write(to: folder.appendingPathComponent("checks.json"))
      let result = try runInteropScript("transforms.py", ["check", folder.path])
      #expect(result.status == 0, "\(result.output)")
    }
  }
}
