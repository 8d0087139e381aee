// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import TestSupport
import Testing
import Transforms
import Volumes

@Suite struct TransformFileTests {
  static let affine = AffineTransform(
    matrix: [[1.05, 0.1, -0.2], [0.3, 0.9, 0.05], [-0.1, 0.2, 1.1]], offset: [-4, 7, 2.5])
  static let flat = AffineTransform(matrix: [[0.9, -0.3], [0.2, 1.1]], offset: [4, -6])

  /// A smooth field on a turned lattice of unequal spacing.
  static func field(extent: Extent, unit: LengthUnit? = .millimeter) -> DisplacementField {
    let (c, s) = (0.8, 0.6)
    let space =
      extent[0] == 1
      ? PhysicalSpace(spacing: [1, 2, 1.5], origin: [0, 5, -10], direction: [[1, 0, 0], [0, c, -s], [0, s, c]], unit: unit)
      : PhysicalSpace(spacing: [3.5, 2, 1.5], origin: [30, 5, -10], direction: [[c, 0, -s], [0, 1, 0], [s, 0, c]], unit: unit)
    var vectors = VectorField(zeros: extent)
    for (number, index) in extent.box.indices.enumerated() {
      let (z, y, x) = (Float(index[0]), Float(index[1]), Float(index[2]))
      if extent[0] > 1 { vectors.z.elements[number] = 0.4 * z - 0.1 * x + 2 }
      vectors.y.elements[number] = 0.2 * y + 0.05 * x * x - 3
      vectors.x.elements[number] = 0.3 * x - 0.2 * y + 0.1 * z * y
    }
    return DisplacementField(vectors: vectors, space: space)
  }

  @Test(arguments: ["a.mat", "a.txt", "a.tfm"])
  func anAffineMapComesBackAsItWasWritten(name: String) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent(name).path
      for map in [Self.affine, Self.flat] {
        try map.write(to: path)
        let back = try AffineTransform.read(contentsOf: path)
        #expect(back.rank == map.rank)
        #expect(zip(back.matrix.flatMap(\.self) + back.offset, map.matrix.flatMap(\.self) + map.offset).allSatisfy { abs($0 - $1) < 1e-12 })
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [name])
    }
  }

  @Test func offsetsAreWrittenInMillimetres() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.mat").path
      try Self.affine.write(to: path, unit: .micrometer)
      #expect(abs(try AffineTransform.read(contentsOf: path).offset[1] - 0.007) < 1e-12)
      #expect(abs(try AffineTransform.read(contentsOf: path, unit: .micrometer).offset[1] - 7) < 1e-9)
    }
  }

  @Test(arguments: ["a.nii.gz", "a.nii", "a.nrrd"], [Extent([4, 5, 6]), [1, 5, 6]])
  func aFieldComesBackAsItWasWritten(name: String, extent: Extent) throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent(name).path
      for rank in extent[0] == 1 ? [2, 3] : [3] {
        let field = Self.field(extent: extent)
        try field.write(to: path, rank: rank)
        let back = try DisplacementField.read(contentsOf: path)
        #expect(back.vectors == field.vectors)
        for index in [[0.0, 0, 0], [0, 4, 5]] {
          #expect(zip(back.space.world(of: index), field.space.world(of: index)).allSatisfy { abs($0 - $1) < 1e-5 })
        }
      }
    }
  }

  @Test func fieldsAreConvertedBetweenUnits() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.nii.gz").path
      let field = Self.field(extent: [4, 5, 6], unit: .micrometer)
      try field.write(to: path)
      let back = try DisplacementField.read(contentsOf: path, unit: .micrometer)
      #expect(zip(back.vectors.x.elements, field.vectors.x.elements).allSatisfy { abs($0 - $1) < 1e-5 })
      #expect(zip(back.space.origin, field.space.origin).allSatisfy { abs($0 - $1) < 1e-4 })
      #expect(abs(try DisplacementField.read(contentsOf: path).space.spacing[0] - 0.0035) < 1e-9)
    }
  }

  @Test func whatIsNoTransformIsAnError() throws {
    try withTemporaryFolder { folder in
      #expect(throws: TransformError.self) { try AffineTransform.read(contentsOf: folder.appendingPathComponent("missing.mat").path) }
      for name in ["a.mat", "a.txt"] {
        let path = folder.appendingPathComponent(name)
        for text in ["", "hello", String(repeating: "x", count: 3000), "#Insight Transform File V1.0\nTransform: Nonsense_double_3_3\n"] {
          try Data(text.utf8).write(to: path)
          #expect(throws: TransformError.self) { try AffineTransform.read(contentsOf: path.path) }
        }
        try Self.affine.write(to: path.path)
        let whole = [UInt8](try Data(contentsOf: path))
        var generator = SeededGenerator(seed: 5)
        for _ in 0..<300 {
          var bytes = whole
          bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
          try Data(bytes).write(to: path)
          // Either is fine; stopping the program is not.
          _ = try? AffineTransform.read(contentsOf: path.path)
        }
        try Data(whole.prefix(whole.count / 2)).write(to: path)
        #expect(throws: TransformError.self) { try AffineTransform.read(contentsOf: path.path) }
      }
      #expect(throws: (any Error).self) { try DisplacementField.read(contentsOf: folder.appendingPathComponent("a.mat").path) }
      #expect(throws: TransformError.self) { try Self.affine.write(to: folder.appendingPathComponent("missing/a.mat").path) }
    }
  }
}
