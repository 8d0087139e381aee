// SPDX-License-Identifier: Apache-2.0

import Foundation
import Grids
import TestSupport
import Testing
import Transforms
import Volumes

/// Affine maps in the files of other programs.
@Suite struct ForeignAffineTests {
  static let affine = TransformFileTests.affine
  static let flat = TransformFileTests.flat

  private func expectSame(_ a: AffineTransform, _ b: AffineTransform, _ what: String) {
    let (left, right) = (a.matrix.flatMap(\.self) + a.offset, b.matrix.flatMap(\.self) + b.offset)
    #expect(left.count == right.count && zip(left, right).allSatisfy { abs($0 - $1) < 1e-9 }, "\(what): \(a) and not \(b)")
  }

  @Test(arguments: [TransformFormat.greedy, .bigstream, .itk])
  func anAffineMapComesBackFromEachFormat(format: TransformFormat) throws {
    try withTemporaryFolder { folder in
      for map in [Self.affine, Self.flat] {
        for unit in [nil, LengthUnit.micrometer] {
          let path = folder.appendingPathComponent("a.mat").path
          try TransformChain(map, unit: unit).writeAffine(to: path, as: format)
          let chain = try TransformChain.read(contentsOf: path, as: format, unit: unit == nil ? .some(nil) : nil).chain
          expectSame(try #require(chain.converted(to: unit).affine), map, "\(format)")
        }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.mat"])
    }
  }

  @Test func greedyTurnsXAndYAroundAndListsXFirst() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.txt").path
      // A shift by x 1, y 2, z 3 in LPS is by -1, -2, 3 in RAS.
      try TransformChain(.translation([3, 2, 1]), unit: .millimeter).writeAffine(to: path, as: .greedy)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.split(separator: "\n").map { $0.split(separator: " ").last.flatMap { Double($0) } } == [-1, -2, 3, 1])
    }
  }

  @Test func bigstreamListsZFirstAndMicrometres() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.txt").path
      try TransformChain(.translation([3, 2, 1]), unit: .millimeter).writeAffine(to: path, as: .bigstream)
      let text = try String(contentsOfFile: path, encoding: .utf8)
      #expect(text.split(separator: "\n").map { $0.split(separator: " ").last.flatMap { Double($0)?.rounded() } } == [3000, 2000, 1000, 1])
    }
  }

  @Test func aBareMatrixIsNeverGuessed() throws {
    try withTemporaryFolder { folder in
      for name in ["a.txt", "a.mat"] {
        let path = folder.appendingPathComponent(name).path
        try TransformChain(Self.affine, unit: nil).writeAffine(to: path, as: .greedy)
        let error = #expect(throws: TransformError.self) { try TransformChain.read(contentsOf: path) }
        #expect(error?.message.contains("bare 4 × 4 matrix") == true && error?.hint?.contains("--from greedy or --from bigstream") == true)
        #expect(throws: TransformError.self) { try TransformChain.read(contentsOf: path, as: .ants) }
      }
    }
  }

  @Test func whatAFileIsItsContentTells() throws {
    try withTemporaryFolder { folder in
      func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
      try Self.affine.write(to: path("a.mat"))
      try Self.affine.write(to: path("a.tfm"))
      let space = PhysicalSpace(spacing: [3, 2, 1], origin: [4, 5, 6])
      try Self.affine.writeElastix(to: path("b"), extent: [4, 5, 6], space: space)
      try LandmarkPairs(fixed: [[1, 2, 3]], moving: [[2, 3, 4]]).writeBigWarp(to: path("c"))
      try TransformFileTests.field(extent: [4, 5, 6]).write(to: path("d.nii.gz"))
      // Other names tell nothing.
      for (old, new) in [("a.mat", "one"), ("a.tfm", "two.csv"), ("b", "three.mat"), ("c", "four.txt"), ("d.nii.gz", "five.nii.gz")] {
        try FileManager.default.moveItem(atPath: path(old), toPath: path(new))
      }
      #expect(try TransformFileKind(of: path("one")) == .itkAffine(isMatlab: true))
      #expect(try TransformFileKind(of: path("two.csv")) == .itkAffine(isMatlab: false))
      #expect(try TransformFileKind(of: path("three.mat")) == .elastix)
      #expect(try TransformFileKind(of: path("four.txt")) == .bigwarp)
      #expect(try TransformFileKind(of: path("five.nii.gz")) == .itkField)
      for name in ["one", "two.csv", "three.mat"] {
        expectSame(try #require(TransformChain.read(contentsOf: path(name)).chain.affine), Self.affine, name)
      }
      let error = #expect(throws: TransformError.self) { try TransformFileKind(of: path("one"), saidToBe: .elastix) }
      #expect(error?.message.contains("is said to be of elastix") == true)
    }
  }

  @Test func aDecompositionMultipliesUpToTheMatrix() throws {
    var generator = SeededGenerator(seed: 4)
    for rank in [2, 3] {
      for _ in 0..<40 {
        let map = AffineTransform(
          matrix: (0..<rank).map { _ in (0..<rank).map { _ in Double.random(in: -2...2, using: &generator) } },
          offset: [Double](repeating: 0, count: rank))
        let told = try #require(AffineDecomposition(map))
        // Rows and columns z, y, x; the shear moves y towards x, z towards x and y.
        var shear = AffineTransform.identity(rank: rank).matrix
        shear[rank - 1][rank - 2] = told.shear[0]
        if rank == 3 { (shear[2][0], shear[1][0]) = (told.shear[1], told.shear[2]) }
        let scale = (0..<rank).map { row in (0..<rank).map { $0 == row ? told.scale[row] : 0 } }
        func map2(_ matrix: [[Double]]) -> AffineTransform { AffineTransform(matrix: matrix, offset: map.offset) }
        expectSame(map2(told.rotation).after(map2(scale).after(map2(shear))), map, "rank \(rank)")
        #expect(abs(map2(told.rotation).determinant - 1) < 1e-9)
        #expect(told.scale.dropLast().allSatisfy { $0 > 0 } && (told.scale.last! < 0) == (map.determinant < 0))
      }
    }
  }

  @Test func aRotationIsToldByItsAxisAndAngle() throws {
    let (c, s) = (cos(0.5), sin(0.5))
    // x towards y about z: rows z, y, x.
    let turn = AffineTransform(matrix: [[1, 0, 0], [0, c, s], [0, -s, c]], offset: [0, 0, 0])
    let told = try #require(AffineDecomposition(turn))
    #expect(abs(told.angle - 0.5 * 180 / .pi) < 1e-9)
    #expect(zip(try #require(told.axis), [1, 0, 0]).allSatisfy { abs($0 - $1) < 1e-9 })
    #expect(zip(told.scale + told.shear, [1, 1, 1, 0, 0, 0]).allSatisfy { abs($0 - $1) < 1e-9 })
    let half = try #require(AffineDecomposition(AffineTransform(matrix: [[-1, 0, 0], [0, 1, 0], [0, 0, -1]], offset: [0, 0, 0])))
    #expect(abs(half.angle - 180) < 1e-9 && abs(abs(half.axis?[1] ?? 0) - 1) < 1e-9)
    let flat = try #require(AffineDecomposition(AffineTransform(matrix: [[c, s], [-s, c]], offset: [0, 0])))
    #expect(abs(flat.angle - 0.5 * 180 / .pi) < 1e-9 && flat.axis == nil)
    #expect(AffineDecomposition(AffineTransform(matrix: [[1, 2], [2, 4]], offset: [0, 0])) == nil)
  }

  @Test func landmarksOfBigWarpComeBack() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.csv").path
      for rank in [2, 3] {
        let fixed: [[Double]] = (0..<9).map { n -> [Double] in (0..<rank).map { axis -> Double in 0.7 * Double(n * (3 + axis)) } }
        let pairs = LandmarkPairs(fixed: fixed, moving: fixed.map { point -> [Double] in point.map { $0 * 1.5 - 1 } })
        try pairs.writeBigWarp(to: path)
        #expect(try LandmarkPairs.readBigWarp(contentsOf: path) == pairs)
      }
      // As BigWarp saves them: moving before fixed, x first; pairs that are off do not count.
      let text = """
        "Pt-0","true","1","2","3","4","5","6"
        "Pt-1","false","1","1","1","1","1","1"
        "Pt-2","false","7","8","9","Infinity","Infinity","Infinity"

        """
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      #expect(try LandmarkPairs.readBigWarp(contentsOf: path) == LandmarkPairs(fixed: [[6, 5, 4]], moving: [[3, 2, 1]]))
      for number in ["Infinity", "-Infinity", "NaN"] {
        try Data(text.replacingOccurrences(of: "\"Pt-0\",\"true\",\"1\"", with: "\"Pt-0\",\"true\",\"\(number)\"").utf8)
          .write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: TransformError.self) { try LandmarkPairs.readBigWarp(contentsOf: path) }
        #expect(error?.message.contains("line 1") == true && error?.hint != nil)
      }
    }
  }

  @Test func aDamagedTextIsNamed() throws {
    try withTemporaryFolder { folder in
      let path = folder.appendingPathComponent("a.txt").path
      func message(_ text: String, _ format: TransformFormat?) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        do {
          _ = try TransformChain.read(contentsOf: path, as: format)
          return "no error"
        } catch let error as TransformError { return error.message }
      }
      let elastix =
        "(Transform \"EulerTransform\")\n(TransformParameters 0 0 0 0 0)\n(FixedImageDimension 3)\n(CenterOfRotationPoint 0 0 0)\n"
      func with(_ old: String, _ new: String) -> String { elastix.replacingOccurrences(of: old, with: new) }
      let onward = with("0 0 0 0 0)", "0 0 0 0 0 0)") + "(InitialTransformParameterFileName \"/nowhere/b.txt\")\n"
      let damages: [(text: String, format: TransformFormat?, message: String)] = [
        ("", nil, "is empty"), ("hello\n", nil, "is no transform that is known"),
        ("1 0 0 0\n0 1 0 0\n0 0 1 0\n", .greedy, "is no transform that is known"),
        ("1 0 0 nan\n0 1 0 0\n0 0 1 0\n0 0 0 1\n", .greedy, "not finite"),
        ("1 0 0 0\n0 1 0 0\n0 0 1 0\n1 2 3 1\n", .bigstream, "has the last row 1.0 2.0 3.0 1.0"),
        (elastix, nil, "`TransformParameters` holds 5 numbers, and 6 are needed"), (with("Euler", "BSpline"), nil, "BSplineTransform"),
        (with("Dimension 3", "Dimension 4"), nil, "4.0 axes"), (with("Parameters 0", "Parameters nan"), nil, "`nan`"),
        (elastix + "(InitialTransform", nil, "line 5 begins a parameter and does not end it"),
        (onward, nil, "goes on from /nowhere/b.txt"),
        (onward.replacingOccurrences(of: "/nowhere/b.txt", with: path), nil, "which goes on from it"),
        ("\"Pt-0\",\"true\",\"1\",\"2\",\"3\",\"4\",\"5\",\"x\"\n", nil, "line 1 has `x`"),
        ("\"Pt-0\",\"false\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\"\n", nil, "lists no active landmarks"),
      ]
      for damage in damages {
        let told = try message(damage.text, damage.format)
        #expect(told.contains(damage.message), "\(told)")
      }
      let missing = #expect(throws: TransformError.self) { try TransformChain.read(contentsOf: path + ".gone") }
      #expect(missing?.message.contains("does not exist") == true)
    }
  }
}
